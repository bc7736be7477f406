/** Failures of IPv6 while IPv4 works. */
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import type { Family } from '../../lab/vocabulary/topology.ts';
import { countOf, defineFailure, seen, sinceFirstPacket, type Failure } from './failure.ts';

/** Long enough to tell any resolution delay from a wait for the answer. */
const aaaaDelayMs = 2_000;
const isSyn = (family: Family) => (event: TimelineEvent): boolean => event.event === 'wire:syn' && event.family === family;

/** Which family came first, and whether the other one was tried at all. A client that still waits may try it later. */
function familyRemark({ events, data: { outcome } }: Parameters<NonNullable<Failure['remark']>>[0]): string | null {
  if (countOf(events, isSyn(6)) === 0) return 'IPv4 first';
  return countOf(events, isSyn(4)) > 0 ? null : `IPv4 ${outcome === 'no answer' ? 'not tried by then' : 'never tried'}`;
}

export const ipv6 = {
  'ipv6-silent': defineFailure({
    title: 'IPv6 silent',
    measures: 'first IPv6 SYN to the first IPv4 SYN',
    question: 'Which clients go on to IPv4 when IPv6 is silent, and after how long?',
    why: 'IPv6 is preferred, but it never answers. Happy Eyeballs tries IPv4 after its attempt delay.',
    sources: ['RFC 8305 section 5', 'RFC 6724 section 2.1'],
    prepare: async ({ topology, dns, apply }) => {
      await dns.aaaa(true);
      await Promise.all(topology.backends.map((backend) => apply('blackhole', backend, { family: 6 })));
    },
    met: ({ events }) => seen('an address was tried', countOf(events, ({ event }) => event === 'wire:syn')),
    readMs: ({ findings }) => findings.fallbackDelayMs,
    remark: familyRemark,
  }),
  'ipv6-closed': defineFailure({
    title: 'IPv6 refused',
    measures: 'first IPv6 SYN to the first IPv4 SYN',
    question: 'Which clients go on to IPv4 when IPv6 refuses, and after how long?',
    why: 'IPv6 is preferred, but it is refused, so the client has nothing to wait for.',
    sources: ['RFC 8305 section 5'],
    prepare: async ({ topology, dns, apply }) => {
      await dns.aaaa(true);
      await Promise.all(topology.backends.map((backend) => apply('refuse', backend, { family: 6 })));
    },
    met: ({ events }) => seen('an address was tried', countOf(events, ({ event }) => event === 'wire:syn')),
    readMs: ({ findings }) => findings.fallbackDelayMs,
    remark: familyRemark,
  }),
  'aaaa-slow': defineFailure({
    title: 'AAAA 2 s late',
    measures: 'A answer to the first SYN',
    question: 'How long does the first SYN wait for an AAAA answer that is 2 s late?',
    why: 'The A answer is there, and the AAAA answer takes two seconds. RFC 8305 waits 50 ms for it. A resolver that returns both answers together waits the whole time.',
    sources: ['RFC 8305 section 3 (resolution delay)'],
    prepare: async ({ dns, apply }) => {
      await dns.aaaa(true);
      await apply('dns-delay', 'dns', { type: 'AAAA', delayMs: aaaaDelayMs });
    },
    met: ({ events }) => seen('the client asked for AAAA', countOf(events, (event) => event.event === 'wire:dns-query' && event.type === 'AAAA')),
    readMs: ({ events }) => {
      const answer = events.find((event) => event.event === 'wire:dns-response' && event.type === 'A');
      const syn = answer && events.find((event) => event.event === 'wire:syn' && event.tMs >= answer.tMs);
      return syn ? syn.tMs - answer.tMs : sinceFirstPacket({ events });
    },
  }),
} satisfies Record<string, Failure>;
