/** The observer host's view: what a stranger on the segment sees of a backend or of DNS. */
import type { Host } from './drivers/driver.ts';
import type { Remote } from './remote.ts';
import { addressOf, domain, httpPort, portOf, targetNames, type Family, type HostName, type TargetName, type Topology } from '../vocabulary/topology.ts';
import type { Asked, DnsReply } from '../../services/probe/ask.ts';
import type { Exchange } from '../../services/probe/exchange.ts';
import type { HeldSighting } from '../../services/probe/held.ts';
import type { Sighting } from '../../services/probe/main.ts';
import type { PingRequest, PingResult } from '../../services/probe/ping.ts';

export type { Asked, DnsReply, Exchange, Sighting };

/** How long the lab waits for an answer that a healthy host gives in well under a millisecond. */
export const silenceMs = 60;
/** How long the lab waits for what should come, on a very busy machine too; it goes on when it has come. */
export const patienceMs = 3_000;
/** The same where nothing may come either: short enough to be waited for in vain. */
export const endingMs = 300;
/** How long a baseline may take to appear: a whole second more than a lost SYN costs. */
const baselineLimitMs = 3_000;

/** A connection that the observer holds. */
export interface Held {
  /** How connecting ended. */
  readonly opened: HeldSighting;
  /** One GET, which may ask for the connection to be closed after it. */
  get(path: string, options?: { close?: boolean; timeoutMs?: number }): Promise<HeldSighting>;
  /** Waits for its end: `open` when there is none, `FIN`, or the kernel's error. */
  ended(timeoutMs?: number): Promise<HeldSighting>;
  release(): Promise<void>;
}

export class Probe {
  readonly #remote: Remote;
  readonly #topology: Topology;
  readonly host: Host;
  /** By how much faults in force make a host's answers late, at most: every look at it waits so much longer before it calls it silent. */
  readonly lateMs: (host: HostName) => number;
  #looks = 0;

  constructor(host: Host, remote: Remote, topology: Topology, lateMs: (host: HostName) => number) {
    this.host = host;
    this.lateMs = lateMs;
    this.#remote = remote;
    this.#topology = topology;
  }

  connect(host: HostName, family: Family, timeoutMs = silenceMs): Promise<Sighting> {
    return this.#look('connect', host, timeoutMs, this.#at(host, family));
  }

  /** A connect to the HTTP port of any address, also one that no host has. */
  connectTo(address: string, timeoutMs = silenceMs): Promise<Sighting> {
    return this.#remote.call('connect', { address, port: httpPort, timeoutMs });
  }

  /** A connect with nothing in the neighbour cache, and whether ARP or ND was answered meanwhile. */
  async connectAsStranger(host: HostName, family: Family): Promise<Sighting & { neighbour: boolean }> {
    const address = addressOf(this.#topology, host, family);
    await this.host.run(['ip', `-${family}`, 'neigh', 'flush', 'to', address]);
    const sighting = await this.connect(host, family);
    const { stdout } = await this.host.run(['ip', `-${family}`, 'neigh', 'show', 'to', address]);
    return { ...sighting, neighbour: stdout.includes('lladdr') };
  }

  get(host: HostName, family: Family, path = '/', timeoutMs = silenceMs): Promise<Sighting> {
    return this.#look('get', host, timeoutMs, { ...this.#at(host, family), path });
  }

  getAt(address: string, port: number, path = '/', timeoutMs = silenceMs): Promise<Sighting> {
    return this.#remote.call('get', { address, port, path, timeoutMs }, timeoutMs + 10_000);
  }

  /** Requests one after the other on one connection, as bytes. Each exchange asks for a URL of its own, which no server has counted before. */
  exchange(host: HostName, family: Family, requests = 1, timeoutMs = silenceMs): Promise<Exchange> {
    return this.#look('exchange', host, timeoutMs, { ...this.#at(host, family), path: `/?look=${++this.#looks}`, requests });
  }

  /** Opens a connection to keep. */
  async hold(host: HostName, family: Family, timeoutMs = silenceMs): Promise<Held> {
    const { id, ...opened } = await this.#look<HeldSighting & { id: number }>('hold', host, timeoutMs, this.#at(host, family));
    return {
      opened,
      get: (path, { close = false, timeoutMs: limitMs = silenceMs } = {}) => this.#look('held-get', host, limitMs, { id, path, close }),
      ended: (limitMs = silenceMs) => this.#look('held-end', host, limitMs, { id }),
      release: () => this.#remote.call('release', { id }),
    };
  }

  /** One query for any name and type, and every reply to it. */
  ask(family: Family, transport: 'udp' | 'tcp', name: string, type: string, timeoutMs = silenceMs): Promise<Asked> {
    return this.#look('ask', 'dns', timeoutMs, { server: addressOf(this.#topology, 'dns', family), port: portOf('dns'), transport, name, type });
  }

  /** One A query over UDP, for a name that the DNS server answers whatever its policy for the lab's name is. */
  query(family: Family, timeoutMs = silenceMs): Promise<Sighting> {
    return this.#look('dns', 'dns', timeoutMs, { server: addressOf(this.#topology, 'dns', family), name: `dns.${domain}` });
  }

  /** Echo requests, which the target's kernel answers: what the link does to single packets. */
  ping(host: HostName, family: Family, request: Partial<Omit<PingRequest, 'address'>> = {}): Promise<PingResult> {
    const whole: PingRequest = { address: addressOf(this.#topology, host, family), count: 1, batch: 1, everyMs: 1, bytes: 32, untilAnswered: false, waitMs: 30, limitMs: 2_000, ...request };
    return this.#remote.call('echo', whole, whole.count * whole.everyMs + whole.limitMs + 10_000);
  }

  #at(host: HostName, family: Family): { address: string; port: number } {
    return { address: addressOf(this.#topology, host, family), port: portOf(host) };
  }

  #look<Result>(command: string, host: HostName, timeoutMs: number, args: object): Promise<Result> {
    const patientMs = timeoutMs + this.lateMs(host);
    return this.#remote.call(command, { ...args, timeoutMs: patientMs }, patientMs + 10_000);
  }

  /** Whether the server does its work on both families; waits for it, at most until the limit. */
  async answers(host: TargetName, limitMs = baselineLimitMs): Promise<{ seen: boolean; observed: string }> {
    const look = (family: Family): Promise<Sighting> => (host === 'dns' ? this.query(family, 1_000) : this.get(host, family, '/', 1_000));
    const startMs = performance.now();
    for (;;) {
      const sightings = await Promise.all(([4, 6] as const).map(look));
      const seen = sightings.every(({ outcome, status = 200 }) => outcome === 'response' && status === 200);
      if (seen || performance.now() - startMs > limitMs) {
        return { seen, observed: sightings.map(({ outcome, status }, index) => `IPv${index === 0 ? 4 : 6} ${status ?? outcome}`).join(', ') };
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Whether every backend and the DNS server do what they should before anything is broken. */
  async baseline(): Promise<{ seen: boolean; observed: string }> {
    const results = await Promise.all(targetNames.map(async (host) => ({ host, ...(await this.answers(host)) })));
    const missing = results.filter(({ seen }) => !seen);
    return { seen: missing.length === 0, observed: missing.map(({ host, observed }) => `${host}: ${observed}`).join('; ') || 'all answer' };
  }
}
