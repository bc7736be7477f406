/** Connection attempts: one address tried once. A kernel's SYN retransmission belongs to its attempt and is none of its own. */
import type { TimelineEvent } from '../events.ts';
import type { Family } from '../topology.ts';

export interface Attempt {
  request: number;
  address: string;
  family: Family;
  startMs: number;
  /** Null while the attempt was still open when the run ended. */
  endMs: number | null;
  /** `connected`, `refused`, `given up` (the transport moved on), `aborted`, `open`, or the kernel's error code. */
  outcome: string;
  /** SYNs on the wire; null where no wire was captured. */
  synCount: number | null;
}

/** ECANCELED is libuv's word for an attempt whose socket was destroyed; no packet said it. */
const outcomes: Record<string, string> = { ECONNREFUSED: 'refused', ABORTED: 'aborted', ECANCELED: 'aborted' };

export function attemptsOf(events: readonly TimelineEvent[]): Attempt[] {
  const attempts: Attempt[] = [];
  /** An attempt's connection is what tells two of the same address apart; it is no part of the journal. */
  const connections = new Map<Attempt, number>();
  for (const event of events) {
    if (event.event === 'client:connect-start') {
      const { request, connection, address, tMs } = event;
      const attempt: Attempt = { request, address, family: event.family === 6 ? 6 : 4, startMs: tMs, endMs: null, outcome: 'open', synCount: null };
      attempts.push(attempt);
      connections.set(attempt, connection);
    } else if (event.event === 'client:connect-done' || event.event === 'client:connect-failed' || event.event === 'client:connect-timeout') {
      const { connection, address } = event;
      const open = attempts.find((attempt) => connections.get(attempt) === connection && attempt.address === address && attempt.endMs === null);
      if (!open) continue;
      open.endMs = event.tMs;
      if (event.event === 'client:connect-done') open.outcome = 'connected';
      else open.outcome = event.event === 'client:connect-timeout' ? 'given up' : (outcomes[event.error] ?? event.error);
    }
  }
  return attempts;
}

/** Delay from the first attempt of a request to its first one of the other family; the first request that has both counts. */
export function fallbackDelay(attempts: readonly Attempt[]): number | null {
  return firstDelay(attempts, (first, other) => other.family !== first.family);
}

/** Delay between the first two attempts of a request in one family. */
export function nextAddressDelay(attempts: readonly Attempt[]): number | null {
  return firstDelay(attempts, (first, other) => other.family === first.family && other.address !== first.address);
}

function firstDelay(attempts: readonly Attempt[], isNext: (first: Attempt, other: Attempt) => boolean): number | null {
  for (const request of new Set(attempts.map((attempt) => attempt.request))) {
    const [first, ...others] = attempts.filter((attempt) => attempt.request === request);
    const next = first && others.find((other) => isNext(first, other));
    if (next) return Math.round((next.startMs - first.startMs) * 1000) / 1000;
  }
  return null;
}
