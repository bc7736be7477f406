/**
 * What the witnesses of a run say about its load: the connections on the client's wire, the answer that each of them followed, and when a backend was
 * down. Nothing here reads what was set up: not the scenario's remarks, not the faults, not the policy of DNS.
 */
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { webName } from '../../vocabulary/topology.ts';

/** A connection that the client opened. */
export interface Connection {
  backend: string;
  /** The address that it goes to. */
  address: string;
  openedMs: number;
  requests: number;
  /** When the server ended it; null if it did not. */
  endedByServerMs: number | null;
  /** The addresses that failed before it, since the last connection. */
  failedBefore: string[];
  /** The last answer of the address' family that had reached the client when it dialled. */
  answer: Answer | null;
}

/** An answer as it reached the client's host. */
export interface Answer {
  addresses: string[];
  tMs: number;
}

export interface Evidence {
  /** All backends that the lab has, in the order of their names. */
  backends: string[];
  /** The requests that each backend got from the client, in the same order. */
  requests: number[];
  connections: Connection[];
  /** How many lookups of the name the DNS server answered: the larger number of its A and AAAA answers, those for the observer left out. */
  lookups: number;
  /** The answers that the DNS server sent to them, those without an address left out. */
  sent: string[][];
  /** The addresses of each backend, as the backends tell them. */
  backendAt: ReadonlyMap<string, string>;
  /** Whether a backend was down at a moment: after it had stopped or had refused the client, and before it accepted again. */
  wasDown: (backend: string, tMs: number) => boolean;
}

type Of<Name extends TimelineEvent['event']> = Extract<TimelineEvent, { event: Name }>;

/** `clientAddresses`: all addresses of the client's host. The observer connects to every backend before a run, so the events name all of them. */
export function evidenceOf(events: readonly TimelineEvent[], clientAddresses: readonly string[]): Evidence {
  const ofType = <Name extends TimelineEvent['event']>(name: Name): Of<Name>[] => events.filter((event): event is Of<Name> => event.event === name);
  const accepts = ofType('backend:accept');
  const backendAt = new Map(accepts.map(({ address, host }) => [address, host]));
  const backends = [...new Set(accepts.map(({ host }) => host))].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  const ofRun = events.filter(({ tMs }) => tMs >= 0);
  const requests = ofType('backend:request').filter(({ tMs, from }) => tMs >= 0 && clientAddresses.includes(from));
  // The observer asks DNS, too, and only while the lab starts or a fault is looked at. Whoever connects to the backends before the run is the observer.
  const observer = new Set(accepts.filter(({ tMs }) => tMs < 0).map(({ from }) => from));
  const sent = ofType('dns:answer').filter(({ tMs, name, from }) => tMs >= 0 && name === webName && !observer.has(from));
  const { connections, refusals } = dialsOf(ofRun, backendAt);
  return {
    backends,
    requests: backends.map((backend) => requests.filter(({ host }) => host === backend).length),
    connections,
    lookups: Math.max(...['A', 'AAAA'].map((type) => sent.filter((answer) => answer.type === type).length)),
    sent: sent.map(({ addresses }) => addresses).filter(({ length }) => length > 0),
    backendAt,
    wasDown: downOf(ofRun, refusals),
  };
}

const familyType = (address: string): string => (address.includes(':') ? 'AAAA' : 'A');

/** An attempt that failed. */
interface Refusal {
  backend: string;
  tMs: number;
}

function dialsOf(events: readonly TimelineEvent[], backendAt: ReadonlyMap<string, string>): { connections: Connection[]; refusals: Refusal[] } {
  const connections: Connection[] = [];
  const refusals: Refusal[] = [];
  /** By the two ends of a connection. It is `dialling` until the server answers. After its end it is `null`. A port can be used again. */
  const states = new Map<string, Connection | 'dialling' | null>();
  const lastAnswer = new Map<string, Answer>();
  let failed: string[] = [];
  for (const event of events) {
    if (event.event === 'wire:dns-response' && event.name === webName && event.addresses.length > 0) lastAnswer.set(event.type, { addresses: event.addresses, tMs: event.tMs });
    if (event.witness !== 'wire' || !('localPort' in event) || !('port' in event)) continue;
    const { address, tMs } = event;
    const backend = backendAt.get(address);
    if (backend === undefined) continue;
    const key = `${address} ${event.localPort}`;
    const state = states.get(key) ?? null;
    if (event.event === 'wire:syn') states.set(key, 'dialling');
    else if (event.event === 'wire:syn-ack' && state === 'dialling') {
      const made: Connection = { backend, address, openedMs: tMs, requests: 0, endedByServerMs: null, failedBefore: failed, answer: lastAnswer.get(familyType(address)) ?? null };
      failed = [];
      states.set(key, made);
      connections.push(made);
    } else if (event.event === 'wire:request' && state !== null && state !== 'dialling') state.requests++;
    else if (event.event === 'wire:fin' || event.event === 'wire:rst' || event.event === 'wire:unreachable') {
      if (state === 'dialling') {
        failed = [...failed, address];
        refusals.push({ backend, tMs });
      } else if (state !== null && event.sender === 'server') state.endedByServerMs = tMs;
      // The other side's FIN follows. Only the first one says who ended the connection.
      states.set(key, null);
    }
  }
  return { connections: connections.filter(({ requests }) => requests > 0), refusals };
}

/** A backend tells that it stops. One that is killed cannot, but it refuses the client. */
function downOf(events: readonly TimelineEvent[], refusals: readonly Refusal[]): Evidence['wasDown'] {
  const told = events.flatMap((event) => (event.event === 'backend:stopping' || event.event === 'backend:accept' ? [{ backend: event.host, tMs: event.tMs, isDown: event.event === 'backend:stopping' }] : []));
  const changes = [...told, ...refusals.map((each) => ({ ...each, isDown: true }))].sort((one, other) => one.tMs - other.tMs);
  return (backend, tMs) => changes.findLast((change) => change.backend === backend && change.tMs <= tMs)?.isDown ?? false;
}
