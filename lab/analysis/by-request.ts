/** What happened for each single request of a caller. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { BackendName, Topology } from '../vocabulary/topology.ts';
import { answererOf, windowOf, type Caller } from './answerer.ts';
import { isTraced, type Attempt } from './attempts.ts';
import { startOf } from './request-line.ts';
import { resolutionsOnWire } from './wire-attempts.ts';

/** What one request of a caller did. Null says that there was nothing to measure. */
export interface RequestFindings {
  /** From the request to its response or error. Null if it had no end. */
  ms: number | null;
  /** The backend that answered. */
  backend: BackendName | null;
  /** The status of the response. Null without a response, or if neither the client nor the packets tell it. */
  status: number | null;
  /** The error that the caller got. */
  error: string | null;
  /** How many lookups were made for it. Null if that cannot be told apart from another request. */
  lookups: number | null;
  /** How many attempts were made for it. */
  attempts: number;
  /** How many times it left on the wire. Null if that cannot be told apart from another request, or if no wire was captured. */
  sent: number | null;
}

/** One entry for each request, in the order in which they were sent. */
export function byRequest(events: readonly TimelineEvent[], topology: Topology, attempts: readonly Attempt[]): RequestFindings[] {
  const traced = isTraced(events);
  const captured = events.some(({ witness }) => witness === 'wire');
  return events.flatMap((asked): RequestFindings[] => {
    if (asked.event !== 'client:request') return [];
    const end = endOf(events, asked);
    const { isAlone, during } = windowOf(events, asked, end);
    return [
      {
        ms: end ? Math.round((end.tMs - asked.tMs) * 1000) / 1000 : null,
        backend: end?.event === 'client:response' ? answererOf(events, asked.request, topology) : null,
        status: end?.event === 'client:response' ? statusOf(events, end) : null,
        error: end?.event === 'client:error' ? end.code : null,
        lookups: traced ? lookupsOf(events, asked.request) : isAlone ? resolutionsOnWire(during, topology) : null,
        attempts: attempts.filter(({ request }) => request === asked.request).length,
        sent: captured && isAlone ? during.filter(({ event }) => event === 'wire:request').length : null,
      },
    ];
  });
}

/**
 * The status of a response. If the client tells none, it comes from the status line of the last response in the packets before the end of
 * the request. Null if that response may belong to another request: one at the same time, or one that no caller asked for, such as a browser's
 * request for /favicon.ico.
 */
export function statusOf(events: readonly TimelineEvent[], response: Extract<TimelineEvent, { event: 'client:response' }>): number | null {
  if (response.status !== undefined) return response.status;
  const asked = events.find((event) => event.event === 'client:request' && event.request === response.request);
  if (asked?.event !== 'client:request') return null;
  const { isAlone, during } = windowOf(events, asked, response);
  if (!isAlone || during.some((event) => event.event === 'wire:request' && !event.line.startsWith(startOf(asked)))) return null;
  const last = during.findLast((event) => event.event === 'wire:response');
  return last?.event === 'wire:response' ? statusIn(last.line) : null;
}

/** The status in the first line of a response. Null if it is no status line (RFC 9112 section 4). HTTP/2 has no such line, and the packets' events have one all the same. */
export function statusIn(line: string): number | null {
  const word = /^HTTP\/(?:1\.\d|2) (\d{3})\b/.exec(line)?.[1];
  return word === undefined ? null : Number(word);
}

export interface Repeated {
  GET: number;
  PUT: number;
  POST: number;
}

/**
 * How many requests of each method were on the wire beyond those that the callers asked for. Only their own paths count: a browser also asks for
 * /favicon.ico. Requests at the same time are counted together. All others are counted one by one, because a request that never left would
 * otherwise hide that another one was repeated.
 */
export function repeatedRequests(events: readonly TimelineEvent[]): Repeated {
  const repeated: Repeated = { GET: 0, PUT: 0, POST: 0 };
  for (const group of splitWhereNoneIsUnderWay(events)) {
    const asked = group.filter((event) => event.event === 'client:request').map(startOf);
    for (const method of ['GET', 'PUT', 'POST'] as const) {
      const own = asked.filter((start) => start.startsWith(`${method} `));
      const onWire = group.filter((event) => event.event === 'wire:request' && own.some((start) => event.line.startsWith(start))).length;
      repeated[method] += Math.max(onWire - own.length, 0);
    }
  }
  return repeated;
}

/** Splits the events before each request that begins while no other one is under way. */
function splitWhereNoneIsUnderWay(events: readonly TimelineEvent[]): TimelineEvent[][] {
  const groups: TimelineEvent[][] = [[]];
  const underWay = new Set<number>();
  for (const event of events) {
    if (event.event === 'client:request') {
      if (underWay.size === 0) groups.push([]);
      underWay.add(event.request);
    } else if (event.event === 'client:response' || event.event === 'client:error') underWay.delete(event.request);
    groups.at(-1)?.push(event);
  }
  return groups;
}

function endOf(events: readonly TimelineEvent[], { request }: Caller) {
  return events.find((event) => (event.event === 'client:response' || event.event === 'client:error') && event.request === request);
}

function lookupsOf(events: readonly TimelineEvent[], request: number): number {
  return new Set(events.flatMap((event) => (event.event === 'client:dns-start' && event.request === request ? [event.lookup] : []))).size;
}
