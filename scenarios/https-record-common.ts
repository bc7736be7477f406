/** What https-record and quic-silent share: what a lookup asked, and when the first SYN left. */
import type { Measured } from '../lab/run/scenario.ts';
import { webNameOf } from '../lab/vocabulary/https-record.ts';
import { askersOf, webName } from '../lab/vocabulary/topology.ts';

/** A query, and its answer if there was one while the request was under way. */
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

/** Returns what the client asked during a request. `dnsDuring` leaves out HTTPS queries, which have another name. An answer counts until the next request. */
export function lookupOf({ events, topology }: Pick<Measured, 'events' | 'topology'>, request: number): Lookup {
  const askers = askersOf(topology);
  const questions: (Question & { id: number; fromPort: number })[] = [];
  for (const event of duringRequest(events, request)) {
    if ((event.event !== 'dns:query' && event.event !== 'dns:answer') || !askers.includes(event.from) || webNameOf(event.name.toLowerCase()) !== webName) continue;
    const { id, type, fromPort, tMs } = event;
    if (event.event === 'dns:query') questions.push({ id, fromPort, type, askedMs: tMs });
    else {
      const asked = questions.find((each) => each.id === id && each.type === type && each.fromPort === fromPort && each.answeredMs === undefined);
      if (asked) Object.assign(asked, { answeredMs: tMs, rcode: event.rcode, services: event.services ?? [] });
    }
  }
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

/** The events from the start of a request to the start of the next one. */
export function duringRequest(events: Measured['events'], request: number): Measured['events'] {
  const startOf = (number: number): number => events.findIndex((event) => event.event === 'client:request' && event.request === number);
  const [start, next] = [startOf(request), startOf(request + 1)];
  return start < 0 ? [] : events.slice(start, next < 0 ? undefined : next);
}
