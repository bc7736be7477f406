/** What the scenarios about retransmitted data share: the times on the wire, and a check of the kernel's timer. */
import { check, type Check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';

/**
 * The kernel's timer wheel rounds a long wait up by at most an eighth (kernel/time/timer.c), so the ratio of two waits is 1.78 to 2.25.
 * The rest of the range is for a busy machine.
 */
const leastGrowth = 1.7;
const mostGrowth = 2.4;

export interface Resent {
  /** When the request was sent for the first time, and its local port. */
  sentMs: number;
  localPort: number;
  /** When the request was sent again: one time for each retransmission. */
  againMs: number[];
  /** The wait before each retransmission, in ms. */
  gapsMs: number[];
}

/** The request whose data was retransmitted first, by the packets. Null when no data was retransmitted. */
export function resentRequest(events: readonly TimelineEvent[]): Resent | null {
  const again = events.flatMap((event) => (event.event === 'wire:data-retransmission' && event.sender === 'client' ? [event] : []));
  const [first] = again;
  if (!first) return null;
  const { localPort } = first;
  const request = events.findLast((event) => event.event === 'wire:request' && event.localPort === localPort && event.tMs <= first.tMs);
  if (!request) return null;
  const againMs = again.filter((event) => event.localPort === localPort).map(({ tMs }) => tMs);
  return { sentMs: request.tMs, localPort, againMs, gapsMs: againMs.map((tMs, index) => tMs - (againMs[index - 1] ?? request.tMs)) };
}

/**
 * A check for every client, because the timer belongs to the client's kernel. `atLeast` is how many waits must show the doubling.
 * The first wait may be that of a tail loss probe (RFC 8985 section 7), which is not part of the series.
 */
export function doublingCheck(resent: Resent | null, atLeast: number): Check {
  const gaps = resent?.gapsMs ?? [];
  const growth = gaps.slice(2).map((gap, index) => gap / (gaps[index + 1] ?? gap));
  const holds = growth.length >= atLeast && growth.every((factor) => factor > leastGrowth && factor < mostGrowth);
  return check('the kernel sent the request again, and each wait was about twice the one before', holds, gaps.map((gap) => `+${gap.toFixed(0)} ms`).join(' ') || 'it was never sent again');
}
