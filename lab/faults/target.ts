/** The host that a fault acts on, made of what a lab has. */
import type { Host } from '../network/drivers/driver.ts';
import type { Link } from '../network/host-link.ts';
import type { Probe } from '../network/probe.ts';
import type { Server } from '../network/server.ts';
import { LabError } from '../vocabulary/errors.ts';
import { addressOf, kindOf, portOf, type TargetName, type Topology } from '../vocabulary/topology.ts';
import type { FaultTarget } from './fault.ts';

/** A target before a fault acts on it. */
export type IdleTarget = Omit<FaultTarget, 'fault' | 'held'>;

/** What a lab has for one target. */
export interface TargetMeans {
  topology: Topology;
  host: Host;
  server: Server;
  link: Link;
  probe: Probe;
  dns: Server;
  giveCertificate: FaultTarget['giveCertificate'];
  /** Whether a request of this path is among the events of the server. */
  hasRequest(path: string): boolean;
}

export function faultTarget(name: TargetName, { topology, host, server, link, probe, dns, giveCertificate, hasRequest }: TargetMeans): IdleTarget {
  return {
    name,
    kind: kindOf(name),
    port: portOf(topology, name),
    topology,
    host,
    probe,
    link,
    address: (family) => addressOf(topology, name, family),
    spareAddress: (family) => {
      if (name === 'dns') throw new LabError('BAD_INPUT', 'The DNS server has no other address to move to.');
      return family === 4 ? topology.spares[name].ipv4 : topology.spares[name].ipv6;
    },
    arrived: async (path) => {
      // The answer to `ping` comes after all events that the server wrote before.
      if (await server.isRunning()) await server.remote.call('ping');
      return hasRequest(path);
    },
    service: () => server.service,
    giveCertificate,
    dns: () => dns.service,
    process: () => server.remote.process,
    restart: (listen) => server.start(listen),
    startSuccessor: () => server.startSuccessor(),
    expectExit: () => { server.remote.expectExit(); },
  };
}
