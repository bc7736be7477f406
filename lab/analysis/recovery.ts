/** When a client was answered again, and stayed answered. */
import type { TimelineEvent } from '../vocabulary/events.ts';

export interface Recovery {
  /** The first request after the first fault. */
  from: number;
  /** The request from which on every request was answered. */
  to: number;
  /** From the start of the one to the response of the other. */
  ms: number;
}

/** A server that answers with such a status has failed (RFC 9110 section 15.6). */
const serverError = 500;

/**
 * Recovery as `recoveryMs` has it: of the requests between the first fault and the next fault after the first of them, the one from which on
 * all were answered with a status below 500. Null without a fault, and if the last of these requests was not answered so.
 */
export function recovery(events: readonly TimelineEvent[]): Recovery | null {
  const fault = events.find(({ event }) => event === 'fault:apply');
  const first = fault && events.find((event) => event.event === 'client:request' && event.tMs >= fault.tMs);
  if (first?.event !== 'client:request') return null;
  const nextFault = events.find((event) => event.event === 'fault:apply' && event.tMs > first.tMs);
  const sent = events.flatMap((event) => (event.event === 'client:request' && event.tMs >= first.tMs && event.tMs < (nextFault?.tMs ?? Infinity) ? [event.request] : []));
  const responses = new Map(events.flatMap((event) => (event.event === 'client:response' ? [[event.request, event] as const] : [])));
  const isAnswered = (request: number): boolean => (responses.get(request)?.status ?? (responses.has(request) ? 200 : serverError)) < serverError;
  const to = sent[sent.findLastIndex((request) => !isAnswered(request)) + 1];
  const response = to === undefined ? undefined : responses.get(to);
  if (to === undefined || !response) return null;
  return { from: first.request, to, ms: Math.round((response.tMs - first.tMs) * 1000) / 1000 };
}
