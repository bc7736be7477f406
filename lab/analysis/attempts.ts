/** Connection attempts, from two witnesses: the client's own trace, if it has one, and the wire. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Family, Topology } from '../vocabulary/topology.ts';
import { attemptsOnWire, type WireAttempt } from './wire-attempts.ts';

/** One attempt to connect to one address. A SYN retransmission by the kernel belongs to its attempt: it is not a new attempt. */
export interface Attempt {
  /** The request that the attempt was made for. 0 if no request was under way. */
  request: number;
  address: string;
  family: Family;
  startMs: number;
  /** Null if the attempt was still open when the run ended. */
  endMs: number | null;
  /**
   * `connected` or `refused`. From a trace also: `given up` (the transport moved on to the next address), `aborted`, `open`, or the
   * kernel's error code. From the wire, for a client without a trace, also: `unreachable` (ICMP), `aborted` or `silent`.
   */
  outcome: string;
  /** How many SYNs were on the wire. 0 if no SYN left. Null if no wire was captured. */
  synCount: number | null;
  /** The source port. Null if it is not known. */
  localPort: number | null;
  /** How many requests its connection carried. Of several attempts that connected, the winner has requests. Null if no wire was captured. */
  requests: number | null;
}

/** The outcomes of a trace's error codes. ECANCELED is libuv's error for an attempt whose socket was destroyed. No packet causes it. */
const outcomes: Record<string, string> = { ECONNREFUSED: 'refused', ABORTED: 'aborted', ECANCELED: 'aborted' };
/** On a busy machine, a SYN leaves up to this long after the trace says that its attempt began. */
const joinMs = 100;

/**
 * Returns the attempts of a run. If the client has a trace, they are the attempts of the trace, with the times and SYN counts of the wire.
 * Otherwise they are the attempts of the wire. Delays between attempts are the delays between their SYNs.
 */
export function attemptsOf(events: readonly TimelineEvent[], topology: Topology): Attempt[] {
  const wire = attemptsOnWire(events, topology);
  if (!isTraced(events)) return wire.map((attempt) => fromWire(attempt, events));
  const { traced, localPorts } = tracedAttempts(events);
  const left = new Set(wire);
  return traced.map((attempt) => {
    const port = localPorts.get(attempt);
    const mate = [...left].find(
      ({ address, localPort, startMs }) => address === attempt.address && (port === undefined ? startMs >= attempt.startMs - 1 && startMs <= attempt.startMs + joinMs : localPort === port && startMs >= attempt.startMs - 1),
    );
    if (!mate) return { ...attempt, synCount: wire.length > 0 ? 0 : null, requests: wire.length > 0 ? 0 : null };
    left.delete(mate);
    return { ...attempt, startMs: mate.startMs, endMs: mate.endMs ?? attempt.endMs, synCount: mate.synCount, localPort: mate.localPort, requests: mate.requests };
  });
}

/** Whether the client's own trace shows its lookups and attempts. */
export function isTraced(events: readonly TimelineEvent[]): boolean {
  return events.some(({ event }) => event === 'client:connect-start' || event === 'client:dns-start');
}

/** Returns the attempts according to the trace alone, and the source ports of those that connected. */
export function tracedAttempts(events: readonly TimelineEvent[]): { traced: Attempt[]; localPorts: Map<Attempt, number> } {
  const traced: Attempt[] = [];
  /** The connection of each attempt, to tell two attempts at the same address apart. It is not part of the journal. */
  const connections = new Map<Attempt, number>();
  const localPorts = new Map<Attempt, number>();
  for (const event of events) {
    if (event.event === 'client:connect-start') {
      const { request, connection, address, tMs } = event;
      const attempt: Attempt = { request, address, family: event.family === 6 ? 6 : 4, startMs: tMs, endMs: null, outcome: 'open', synCount: null, localPort: null, requests: null };
      traced.push(attempt);
      connections.set(attempt, connection);
    } else if (event.event === 'client:connect-done' || event.event === 'client:connect-failed' || event.event === 'client:connect-timeout') {
      const { connection, address } = event;
      const open = traced.find((attempt) => connections.get(attempt) === connection && attempt.address === address && attempt.endMs === null);
      if (!open) continue;
      open.endMs = event.tMs;
      if (event.event === 'client:connect-done') {
        open.outcome = 'connected';
        localPorts.set(open, event.localPort);
      } else open.outcome = event.event === 'client:connect-timeout' ? 'given up' : (outcomes[event.error] ?? event.error);
    }
  }
  return { traced, localPorts };
}

/** An attempt of the wire, assigned to the last request that had begun when its SYN left. */
function fromWire({ address, family, startMs, endMs, outcome, synCount, localPort, requests }: WireAttempt, events: readonly TimelineEvent[]): Attempt {
  const begun = events.findLast((event) => event.event === 'client:request' && event.tMs <= startMs);
  return { request: begun?.event === 'client:request' ? begun.request : 0, address, family, startMs, endMs, outcome, synCount, localPort, requests };
}

/** The fields of an attempt that the measurement of a delay needs. */
type Started = Pick<Attempt, 'address' | 'family' | 'startMs'>;

/**
 * Returns the delay in ms from the first attempt of a request to its first attempt in the other family. The first request that has both
 * counts. Null if no request has both.
 */
export function fallbackDelay(attempts: readonly Attempt[]): number | null {
  return firstDelay(Map.groupBy(attempts, ({ request }) => request), (first, other) => other.family !== first.family);
}

/** Returns the delay in ms from the first attempt of a request to its first attempt at another address of the same family, or null. */
export function nextAddressDelay(attempts: readonly Attempt[]): number | null {
  return firstDelay(Map.groupBy(attempts, ({ request }) => request), isNextAddress);
}

/** Returns the same two delays from the wire alone. The wire does not show which request an attempt is for, so a dial stands for a request. */
export function delaysOnWire(attempts: readonly WireAttempt[]): { fallbackDelayMs: number | null; nextAddressDelayMs: number | null } {
  const dials = Map.groupBy(attempts, ({ dial }) => dial);
  return { fallbackDelayMs: firstDelay(dials, (first, other) => other.family !== first.family), nextAddressDelayMs: firstDelay(dials, isNextAddress) };
}

function isNextAddress(first: Started, other: Started): boolean {
  return other.family === first.family && other.address !== first.address;
}

function firstDelay(groups: ReadonlyMap<number, readonly Started[]>, isNext: (first: Started, other: Started) => boolean): number | null {
  for (const [first, ...others] of groups.values()) {
    const next = first && others.find((other) => isNext(first, other));
    if (next) return Math.round((next.startMs - first.startMs) * 1000) / 1000;
  }
  return null;
}
