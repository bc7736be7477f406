/** What the scenarios of retransmitted data share: the wire's times, and what the kernel's timer makes of them. */
import { check, type Check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';

/** The kernel's timer wheel rounds a long wait up by at most an eighth (kernel/time/timer.c), so two waits have a ratio of 1.78 to 2.25; the rest is a busy machine's. */
const leastGrowth = 1.7;
const mostGrowth = 2.4;

export interface Resent {
  /** When the request was sent for the first time, and the port it left from. */
  sentMs: number;
  localPort: number;
  /** When it was sent again. */
  againMs: number[];
  /** The waits before each of them. */
  gapsMs: number[];
}

/** The request on the wire whose data was sent again first; null where none was. */
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

/** Holds for every client: the timer is its kernel's. The first wait may be a tail loss probe's (RFC 8985 section 7), which begins no series. */
export function doublingCheck(resent: Resent | null, atLeast: number): Check {
  const gaps = resent?.gapsMs ?? [];
  const growth = gaps.slice(2).map((gap, index) => gap / (gaps[index + 1] ?? gap));
  const holds = growth.length >= atLeast && growth.every((factor) => factor > leastGrowth && factor < mostGrowth);
  return check('the kernel sent the request again, each time after about twice as long', holds, gaps.map((gap) => `+${gap.toFixed(0)} ms`).join(' ') || 'it was never sent again');
}
