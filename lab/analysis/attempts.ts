/** Connection attempts, from two witnesses: the client's own trace, if it has one, and the wire. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Family, Topology } from '../vocabulary/topology.ts';
import { attemptsOnWire, type WireAttempt } from './wire-attempts.ts';

/** One attempt to connect to one address. A SYN retransmission by the kernel belongs to its attempt: it is not a new attempt. */
export interface Attempt {
  /** The request that the attempt was made for. 0 if no request was under way. */
  request: number;
  /** The number of its dial: the attempts that a client makes to get one connection. */
  dial: number;
  address: string;
  family: Family;
  startMs: number;
  /** When the attempt was answered, or when the client gave it up. Null if it was still open when the run ended. */
  endMs: number | null;
  /**
   * `connected` or `refused`. From a trace also: `given up` (the transport moved on to the next address), `aborted`, `open`, or the
   * kernel's error code. From the wire, for a client without a trace, also: `unreachable` (ICMP), `aborted` or `silent`.
   */
  outcome: string;
  /** How many SYNs were on the wire. 0 if no SYN left. Null if no wire was captured. */
  synCount: number | null;
  /** When its SYNs left, in ms after the first one: `[0, 1024, 2048]`. Null if no wire was captured. */
  synsMs: number[] | null;
  /** The source port. Null if it is not known. */
  localPort: number | null;
  /** How many requests its connection carried. Of several attempts that connected, the winner has requests. Null if no wire was captured. */
  requests: number | null;
}

/** The outcomes of a trace's error codes. ECANCELED is libuv's error for an attempt whose socket was destroyed. No packet causes it. */
const outcomes: Record<string, string> = { ECONNREFUSED: 'refused', ECANCELED: 'aborted' };
/** The kernel's error codes. All others (ABORT_ERR, UND_ERR_CONNECT_TIMEOUT, …) are those of a program that has ended its attempt. */
const kernelCode = /^E[A-Z0-9]+$/;
/** For these outcomes the client decided that the attempt was over, and not a packet. */
const decisions = ['given up', 'aborted'];

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
    // The SYN leaves after the trace says that the attempt began, and before the trace says that it ended.
    const mate = [...left].find(
      ({ address, localPort, startMs }) => address === attempt.address && startMs >= attempt.startMs - clockMs && (port === undefined ? startMs <= (attempt.endMs ?? Infinity) + clockMs : localPort === port),
    );
    if (!mate) return { ...attempt, ...(wire.length > 0 ? { synCount: 0, synsMs: [], requests: 0 } : {}) };
    left.delete(mate);
    const endMs = decisions.includes(attempt.outcome) ? attempt.endMs : (mate.endMs ?? attempt.endMs);
    return { ...attempt, startMs: mate.startMs, endMs, synCount: mate.synCount, synsMs: sinceFirst(mate.synsMs), localPort: mate.localPort, requests: mate.requests };
  });
}

/** A program's clock and the kernel's stamps on packets agree to within this time. */
const clockMs = 1;

function sinceFirst(times: readonly number[]): number[] {
  return times.map((tMs) => Math.round((tMs - (times[0] ?? tMs)) * 1000) / 1000);
}

/** Whether the client's own trace shows its lookups and attempts. */
export function isTraced(events: readonly TimelineEvent[]): boolean {
  return events.some(({ event }) => event === 'client:connect-start' || event === 'client:dns-start');
}

/** Returns the attempts according to the trace alone, and the source ports of those that connected. */
export function tracedAttempts(events: readonly TimelineEvent[]): { traced: Attempt[]; localPorts: Map<Attempt, number> } {
  const traced: Attempt[] = [];
  const localPorts = new Map<Attempt, number>();
  /** A transport makes all attempts of a dial for one connection. Each client process numbers its connections from 1, but a request belongs to one process. */
  const dials = new Map<string, number>();
  const dialOf = (request: number, connection: number): number => {
    const key = `${request}/${connection}`;
    const dial = dials.get(key) ?? dials.size + 1;
    dials.set(key, dial);
    return dial;
  };
  for (const event of events) {
    if (event.event === 'client:connect-start') {
      const { request, connection, address, tMs } = event;
      traced.push({ request, dial: dialOf(request, connection), address, family: event.family === 6 ? 6 : 4, startMs: tMs, endMs: null, outcome: 'open', synCount: null, synsMs: null, localPort: null, requests: null });
    } else if (event.event === 'client:connect-done' || event.event === 'client:connect-failed' || event.event === 'client:connect-timeout') {
      const { request, connection, address } = event;
      const open = traced.find((attempt) => attempt.dial === dialOf(request, connection) && attempt.address === address && attempt.endMs === null);
      if (!open) continue;
      open.endMs = event.tMs;
      if (event.event === 'client:connect-done') {
        open.outcome = 'connected';
        // A client that cannot tell its port says 0: Go's trace has no address when a dial ends.
        if (event.localPort > 0) localPorts.set(open, event.localPort);
      } else open.outcome = event.event === 'client:connect-timeout' ? 'given up' : (outcomes[event.error] ?? (kernelCode.test(event.error) ? event.error : 'aborted'));
    }
  }
  return { traced, localPorts };
}

/** An attempt of the wire, assigned to the last request that had begun when its SYN left. */
function fromWire({ address, family, startMs, endMs, outcome, synCount, synsMs, localPort, requests, dial }: WireAttempt, events: readonly TimelineEvent[]): Attempt {
  const begun = events.findLast((event) => event.event === 'client:request' && event.tMs <= startMs);
  return { request: begun?.event === 'client:request' ? begun.request : 0, dial, address, family, startMs, endMs, outcome, synCount, synsMs: sinceFirst(synsMs), localPort, requests };
}

/** The fields of an attempt that the measurement of a delay needs. */
type Started = Pick<Attempt, 'address' | 'family' | 'startMs' | 'dial'>;

/** The first attempt of a dial, and its first attempt in the other family. The first dial that has both counts. Null if no dial has both. */
export function fallbackPair<T extends Started>(attempts: readonly T[]): [T, T] | null {
  return firstPair(attempts, (first, other) => other.family !== first.family);
}

/** The first attempt of a dial, and its first attempt at another address of the same family. The first dial that has both counts. Null if no dial has both. */
export function nextAddressPair<T extends Started>(attempts: readonly T[]): [T, T] | null {
  return firstPair(attempts, (first, other) => other.family === first.family && other.address !== first.address);
}

/** The delay in ms between the two attempts of `fallbackPair`, or null. */
export function fallbackDelay(attempts: readonly Started[]): number | null {
  return delayOf(fallbackPair(attempts));
}

/** The delay in ms between the two attempts of `nextAddressPair`, or null. */
export function nextAddressDelay(attempts: readonly Started[]): number | null {
  return delayOf(nextAddressPair(attempts));
}

/**
 * The attempts between which a delay can be measured. A trace tells of which dial an attempt is. On the wire, two dials at the same time look
 * like one, so the attempts that began while several requests were under way are left out.
 */
export function attemptsApart(attempts: readonly Attempt[], events: readonly TimelineEvent[]): readonly Attempt[] {
  return isTraced(events) ? attempts : attempts.filter(({ startMs }) => requestsUnderWay(events, startMs).length < 2);
}

/** The numbers of the requests that had begun and not ended at that moment. */
export function requestsUnderWay(events: readonly TimelineEvent[], atMs: number): number[] {
  const underWay = new Set<number>();
  for (const event of events) {
    if (event.tMs > atMs) break;
    if (event.event === 'client:request') underWay.add(event.request);
    else if (event.event === 'client:response' || event.event === 'client:error') underWay.delete(event.request);
  }
  return [...underWay];
}

function firstPair<T extends Started>(attempts: readonly T[], isNext: (first: T, other: T) => boolean): [T, T] | null {
  for (const [first, ...others] of Map.groupBy(attempts, ({ dial }) => dial).values()) {
    const next = first && others.find((other) => isNext(first, other));
    if (next) return [first, next];
  }
  return null;
}

function delayOf(pair: readonly [Started, Started] | null): number | null {
  return pair && Math.round((pair[1].startMs - pair[0].startMs) * 1000) / 1000;
}
