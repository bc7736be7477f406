/** The client's own DNS traffic, by the request it was for. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Topology } from '../vocabulary/topology.ts';

export type DnsQuery = Extract<TimelineEvent, { event: 'dns:query' }>;
export type DnsAnswer = Extract<TimelineEvent, { event: 'dns:answer' }>;

/** As the DNS server saw it while the request was under way; requests that overlap are given each other's too. */
export function dnsDuring(events: readonly TimelineEvent[], request: number, { hosts: { client } }: Topology): { queries: DnsQuery[]; answers: DnsAnswer[] } {
  const start = events.findIndex((event) => event.event === 'client:request' && event.request === request);
  const end = events.findIndex((event) => (event.event === 'client:response' || event.event === 'client:error') && event.request === request);
  const during = start < 0 ? [] : events.slice(start, end < 0 ? undefined : end);
  const isOwn = ({ from }: { from: string }): boolean => from === client.ipv4 || from === client.ipv6;
  return {
    queries: during.filter((event): event is DnsQuery => event.event === 'dns:query' && isOwn(event)),
    answers: during.filter((event): event is DnsAnswer => event.event === 'dns:answer' && isOwn(event)),
  };
}

/** `A AAAA`: the types in the order of arrival. */
export function queryTypes(queries: readonly DnsQuery[]): string {
  return queries.map(({ type }) => type).join(' ') || 'none';
}
