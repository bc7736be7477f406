/** What https-record and quic-silent share: what a lookup asked, and when the first SYN left. */
import type { Measured } from '../lab/run/scenario.ts';
import { webNameOf } from '../lab/vocabulary/https-record.ts';
import { askersOf, webName } from '../lab/vocabulary/topology.ts';

/** A query, and its answer if there was one. */
export interface Question {
  type: string;
  askedMs: number;
  answeredMs?: number;
  rcode?: string;
  /** The HTTPS records in the answer. */
  services?: readonly string[];
}

/** The client's questions about the web servers during one request, by the log of the DNS server. */
export interface Lookup {
  /** The types in the order of the queries, each one once. */
  types: string[];
  addresses: Question[];
  https: Question[];
}

/** Returns what the client asked during a request. `dnsDuring` leaves out HTTPS queries, which have another name. An answer may come when the request is over. */
export function lookupOf({ events, topology }: Pick<Measured, 'events' | 'topology'>, request: number): Lookup {
  const askers = askersOf(topology);
  const questions = duringRequest(events, request)
    .filter((event) => event.event === 'dns:query')
    .filter(({ from, name }) => askers.includes(from) && webNameOf(name.toLowerCase()) === webName)
    .map(({ id, type, fromPort, tMs: askedMs }): Question => {
      const answer = events.filter((event) => event.event === 'dns:answer').find((each) => each.id === id && each.type === type && each.fromPort === fromPort && each.tMs >= askedMs);
      return { type, askedMs, ...(answer && { answeredMs: answer.tMs, rcode: answer.rcode, services: answer.services ?? [] }) };
    });
  return {
    types: [...new Set(questions.map(({ type }) => type))],
    addresses: questions.filter(({ type }) => type === 'A' || type === 'AAAA'),
    https: questions.filter(({ type }) => type === 'HTTPS'),
  };
}

/** When the first SYN of a request left. Null if there was none. */
export function attemptStartOf({ events }: Pick<Measured, 'events'>, request: number): number | null {
  return duringRequest(events, request).find(({ event }) => event === 'wire:syn')?.tMs ?? null;
}

/** The events from the start of a request to its end. A browser may send more queries after the answer, which are no part of the request. */
export function duringRequest(events: Measured['events'], request: number): Measured['events'] {
  const start = events.findIndex((event) => event.event === 'client:request' && event.request === request);
  const end = events.findIndex((event) => (event.event === 'client:response' || event.event === 'client:error') && event.request === request);
  return start < 0 ? [] : events.slice(start, end < 0 ? undefined : end);
}
