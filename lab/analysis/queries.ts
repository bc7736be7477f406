/** The DNS traffic of the client during one request. Where a resolver asks in the client's place, its queries count as the client's. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { askersOf, type Topology } from '../vocabulary/topology.ts';

export type DnsQuery = Extract<TimelineEvent, { event: 'dns:query' }>;
export type DnsAnswer = Extract<TimelineEvent, { event: 'dns:answer' }>;

/**
 * Returns the client's queries for the name of the request, and their answers, while the request was under way, as the DNS server saw them.
 * With a search list the client also asks for other names; these are left out. If two requests overlap, each gets the other's queries too.
 */
export function dnsDuring(events: readonly TimelineEvent[], request: number, topology: Topology): { queries: DnsQuery[]; answers: DnsAnswer[] } {
  const start = events.findIndex((event) => event.event === 'client:request' && event.request === request);
  const end = events.findIndex((event) => (event.event === 'client:response' || event.event === 'client:error') && event.request === request);
  const during = start < 0 ? [] : events.slice(start, end < 0 ? undefined : end);
  const asked = events[start];
  const host = asked?.event === 'client:request' ? new URL(asked.url).hostname : '';
  const askers = askersOf(topology);
  const isOwn = ({ from, name }: { from: string; name: string }): boolean => askers.includes(from) && name.toLowerCase() === host;
  return {
    queries: during.filter((event): event is DnsQuery => event.event === 'dns:query' && isOwn(event)),
    answers: during.filter((event): event is DnsAnswer => event.event === 'dns:answer' && isOwn(event)),
  };
}

/** Returns the types of the queries in the order of their arrival: `A AAAA`. */
export function queryTypes(queries: readonly DnsQuery[]): string {
  return queries.map(({ type }) => type).join(' ') || 'none';
}
