/** `lab status`: who is up, what is broken, how DNS answers, and the connections that there are now. */
import type { Policy } from '../../services/dns/policy.ts';
import type { Observation } from '../faults/fault.ts';
import type { Lab } from '../run/lab.ts';
import { messageOf } from '../vocabulary/errors.ts';
import type { Asked } from './hand-client.ts';
import { hostAt, hostsOf, isTarget, portOf, type HostName } from '../vocabulary/topology.ts';

/** The state of a server's process. */
type ProcessState = 'runs' | 'paused' | 'ended';

/** A TCP connection, as ss(8) shows it on the client's host. */
interface Connection {
  state: string;
  local: string;
  peer: string;
  /** The host that has the peer's address; null if none has it. */
  host: HostName | null;
}

export interface HandStatus {
  driver: string;
  hosts: {
    name: HostName;
    ipv4: string;
    ipv6: string;
    /** Null for a host without a server. */
    process: ProcessState | null;
    /** How many TCP connections its server has, from any host; null for a host without a server. */
    connections: number | null;
  }[];
  /** `blackhole backend-1 family=6: seen`, oldest first. */
  faults: string[];
  /** `backend-3 status=503`. */
  behaviours: string[];
  /** The answer policy, or why the DNS server cannot be asked for it. */
  dns: Policy | string;
  /** The connections of the client's host, also those that are being opened or closed. */
  client: Connection[];
}

/** Looks at the lab as it is now. It changes nothing, and sends no packet. */
export async function statusByHand(lab: Lab): Promise<HandStatus> {
  const { topology, network, inForce, misbehaving } = lab;
  const [hosts, dns, client] = await Promise.all([
    Promise.all(
      hostsOf(topology).map(async (name) => {
        const { ipv4, ipv6 } = topology.hosts[name];
        if (!isTarget(name)) return { name, ipv4, ipv6, process: null, connections: null };
        const state = await lab.server(name).remote.process.state();
        const open = await socketsOf(lab, name);
        const process: ProcessState = state === null ? 'ended' : state === 'T' ? 'paused' : 'runs';
        return { name, ipv4, ipv6, process, connections: open.filter(({ state, local }) => state === 'ESTAB' && local.endsWith(`:${portOf(topology, name)}`)).length };
      }),
    ),
    policyOf(lab),
    socketsOf(lab, 'client'),
  ]);
  return {
    driver: network.driver,
    hosts,
    faults: inForce.map(({ name, host, optionText, observation }) => seenText(`${name} ${host}${optionText && ` ${optionText}`}`, observation)),
    behaviours: misbehaving.map(({ backend, text }) => `${backend} ${text}`),
    dns,
    client: client.map(({ state, local, peer }) => ({ state, local, peer, host: hostAt(topology, addressOf(peer)) ?? null })),
  };
}

async function policyOf(lab: Lab): Promise<Policy | string> {
  const server = lab.server('dns');
  try {
    return (await server.isRunning()) ? await server.remote.call<Policy>('policy') : 'its process is not running';
  } catch (error) {
    return messageOf(error);
  }
}

/** The TCP sockets of a host that have a peer. */
async function socketsOf(lab: Lab, name: HostName): Promise<Omit<Connection, 'host'>[]> {
  const { stdout } = await lab.host(name).run(['ss', '--no-header', '--tcp', '--all', '--numeric']);
  return stdout.split('\n').flatMap((line) => {
    const [state, , , local, peer] = line.trim().split(/\s+/);
    return state === undefined || state === 'LISTEN' || local === undefined || peer === undefined ? [] : [{ state, local, peer }];
  });
}

/** `2001:db8:1::11` of `[2001:db8:1::11]:8080`. */
function addressOf(end: string): string {
  return end.slice(0, end.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** What the observer saw of `what`: `kill backend-1: seen (IPv4 ECONNREFUSED, IPv6 ECONNREFUSED)`. */
export function seenText(what: string, { seen, observed, isHidden }: Observation): string {
  return isHidden ? `${what}: ${observed}` : `${what}: ${seen ? 'seen' : 'NOT seen'} (${observed})`;
}

/** The status as lines for a terminal. */
export function statusLines({ driver, hosts, faults, behaviours, dns, client }: HandStatus): string[] {
  const rows = [
    ['', 'IPv4', 'IPv6', 'process', 'connections'],
    ...hosts.map(({ name, ipv4, ipv6, process, connections }) => [name, ipv4, ipv6, process ?? '', connections === null ? '' : String(connections)]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const list = (title: string, lines: readonly string[]): string[] => lines.map((line, index) => `${(index === 0 ? title : '').padEnd(11)}  ${line}`);
  const peers = client.map(({ state, local, peer, host }) => `${local} → ${peer}${host === null ? '' : ` (${host})`}  ${state}`);
  return [
    `The lab is up (${driver}).`,
    '',
    ...rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()),
    '',
    ...list('faults', faults.length > 0 ? faults : ['none']),
    ...list('behaviours', behaviours.length > 0 ? behaviours : ['none']),
    ...list('DNS', typeof dns === 'string' ? [`cannot be asked: ${dns}`] : policyLines(dns)),
    ...list('client', peers.length > 0 ? peers : ['no TCP connection']),
  ];
}

/** The answer policy of DNS as lines for a terminal. */
export function policyLines({ aaaa, ttlS, aa, ra, soa, chains, rules }: Policy): string[] {
  const onOff = (on: boolean): string => (on ? 'on' : 'off');
  return [
    `AAAA ${onOff(aaaa)} · TTL ${ttlS} s · flag AA ${onOff(aa)} · flag RA ${onOff(ra)} · SOA ${onOff(soa)}`,
    ...(['A', 'AAAA'] as const).map((type) => `${type.padEnd(5)} ${chains[type]}`),
    ...rules.map(({ id, text }) => `${id} · ${text}`),
  ];
}

/** The end of a request as one line for a terminal. */
export function askedText(asked: Asked): string {
  if (!asked.ok) return `error ${asked.error}${asked.causes.length > 1 ? ` (${asked.causes.join(' ← ')})` : ''}`;
  return `${asked.status ?? 'answered'} from ${asked.host ?? asked.address ?? 'a server that nobody has seen'}`;
}
