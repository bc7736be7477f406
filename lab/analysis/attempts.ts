/** Connection attempts, by both witnesses: the client's own trace, where it has one, and the wire. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Family, Topology } from '../vocabulary/topology.ts';
import { attemptsOnWire, type WireAttempt } from './wire-attempts.ts';

/** One address tried once. A kernel's SYN retransmission belongs to its attempt and is none of its own. */
export interface Attempt {
  /** The request it was made for; 0 where none was under way. */
  request: number;
  address: string;
  family: Family;
  startMs: number;
  /** Null while the attempt was still open when the run ended. */
  endMs: number | null;
  /**
   * `connected` or `refused`; what only a trace can tell: `given up` (the transport moved on), `aborted`, `open`, or the kernel's error
   * code; what the wire tells of a client without one: `unreachable` (ICMP) or `silent`.
   */
  outcome: string;
  /** SYNs on the wire, 0 where none left; null where no wire was captured. */
  synCount: number | null;
  localPort: number | null;
  /** Requests that its connection carried: the winner of several that connected is the one that carried some. Null where no wire was captured. */
  requests: number | null;
}

/** ECANCELED is libuv's word for an attempt whose socket was destroyed; no packet said it. */
const outcomes: Record<string, string> = { ECONNREFUSED: 'refused', ABORTED: 'aborted', ECANCELED: 'aborted' };
/** A SYN leaves this long after the trace said that the attempt began, on a busy machine. */
const joinMs = 100;

/**
 * The trace's attempts with the wire's times and SYNs, where the client traces itself; else the wire's alone.
 * Delays between attempts are those between their SYNs.
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

/** Whether the client tells of its connecting itself. */
export function isTraced(events: readonly TimelineEvent[]): boolean {
  return events.some(({ event }) => event === 'client:connect-start' || event === 'client:dns-start');
}

/** What the trace alone says. */
export function tracedAttempts(events: readonly TimelineEvent[]): { traced: Attempt[]; localPorts: Map<Attempt, number> } {
  const traced: Attempt[] = [];
  /** An attempt's connection is what tells two of the same address apart; it is no part of the journal. */
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

/** Of the requests under way when the SYN left, the last one begun. */
function fromWire({ address, family, startMs, endMs, outcome, synCount, localPort, requests }: WireAttempt, events: readonly TimelineEvent[]): Attempt {
  const begun = events.findLast((event) => event.event === 'client:request' && event.tMs <= startMs);
  return { request: begun?.event === 'client:request' ? begun.request : 0, address, family, startMs, endMs, outcome, synCount, localPort, requests };
}

/** What a delay is measured between. */
type Started = Pick<Attempt, 'address' | 'family' | 'startMs'>;

/** Delay from the first attempt of a request to its first one of the other family; the first request that has both counts. */
export function fallbackDelay(attempts: readonly Attempt[]): number | null {
  return firstDelay(Map.groupBy(attempts, ({ request }) => request), (first, other) => other.family !== first.family);
}

/** Delay between the first two attempts of a request in one family. */
export function nextAddressDelay(attempts: readonly Attempt[]): number | null {
  return firstDelay(Map.groupBy(attempts, ({ request }) => request), isNextAddress);
}

/** The same two delays by the wire alone, where a dial is what a request is to a trace. */
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
