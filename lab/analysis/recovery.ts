/** When a client was answered again, and stayed answered. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Caller } from './answerer.ts';
import { statusOf } from './by-request.ts';

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
  const sent = requestsUnderFault(events);
  const responses = new Map(events.flatMap((event) => (event.event === 'client:response' ? [[event.request, event] as const] : [])));
  const isAnswered = ({ request }: Caller): boolean => {
    const response = responses.get(request);
    // A response without a known status counts as an answer.
    return response !== undefined && (statusOf(events, response) ?? 0) < serverError;
  };
  const [first] = sent;
  const to = sent[sent.findLastIndex((each) => !isAnswered(each)) + 1];
  const response = to && responses.get(to.request);
  if (!first || !to || !response) return null;
  return { from: first.request, to: to.request, ms: Math.round((response.tMs - first.tMs) * 1000) / 1000 };
}

/** The requests that recovery looks at: from the first request after the first fault until the next fault, or until the end of the run. */
export function requestsUnderFault(events: readonly TimelineEvent[]): Caller[] {
  const requests = events.filter((event) => event.event === 'client:request');
  const fault = events.find(({ event }) => event === 'fault:apply');
  const first = fault && requests.find(({ tMs }) => tMs >= fault.tMs);
  if (!first) return [];
  const nextFault = events.find((event) => event.event === 'fault:apply' && event.tMs > first.tMs);
  return requests.filter(({ tMs }) => tMs >= first.tMs && tMs < (nextFault?.tMs ?? Infinity));
}
