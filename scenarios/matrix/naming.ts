/** Failures of the DNS server. */
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import { countOf, defineFailure, seen, sinceFirstPacket, type Failure } from './failure.ts';

const isQuery = ({ event }: TimelineEvent): boolean => event === 'wire:dns-query';

function queriesRemark({ events }: { events: readonly TimelineEvent[] }): string {
  return `${countOf(events, isQuery)} queries`;
}

export const naming = {
  'lookup-servfail': defineFailure({
    title: 'DNS SERVFAIL',
    measures: 'first query to the error at the caller',
    question: 'How soon does the caller get the error when DNS answers SERVFAIL?',
    why: 'The DNS server says that it cannot answer. Resolvers ask another server, or the same one again.',
    sources: ['RFC 1035 section 4.1.1', 'resolv.conf(5) (attempts)'],
    prepare: async ({ apply }) => {
      await apply('dns-rcode', 'dns', { rcode: 'SERVFAIL' });
    },
    met: ({ events }) => seen('a query was answered with SERVFAIL', countOf(events, (event) => event.event === 'wire:dns-response' && event.rcode === 'SERVFAIL')),
    readMs: sinceFirstPacket,
    remark: queriesRemark,
  }),
  'lookup-silent': defineFailure({
    title: 'DNS silent',
    measures: 'first query to the error at the caller',
    question: 'How soon does the caller get the error when DNS does not answer?',
    why: 'The DNS server does not answer. glibc waits 5 s, twice.',
    sources: ['resolv.conf(5) (timeout, attempts)'],
    prepare: async ({ apply }) => {
      await apply('dns-drop', 'dns');
    },
    met: ({ events }) => seen('the client sent a query', countOf(events, isQuery)),
    readMs: sinceFirstPacket,
    remark: queriesRemark,
  }),
  'lookup-truncated': defineFailure({
    title: 'DNS truncated',
    measures: 'first query to the answer',
    question: 'Which clients ask again over TCP when the DNS answer is truncated?',
    groupBy: 'remark',
    why: 'The answer does not fit into UDP, so the resolver asks again over TCP.',
    sources: ['RFC 2181 section 9', 'RFC 7766 section 5'],
    prepare: async ({ apply }) => {
      await apply('dns-truncate', 'dns');
    },
    met: ({ events }) => seen('an answer was truncated', countOf(events, (event) => event.event === 'wire:dns-response' && event.truncated)),
    readMs: sinceFirstPacket,
    remark: ({ events }) => (countOf(events, (event) => event.event === 'wire:dns-query' && event.transport === 'tcp') > 0 ? 'over TCP' : 'not over TCP'),
  }),
} satisfies Record<string, Failure>;
