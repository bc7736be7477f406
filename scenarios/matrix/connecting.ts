/** Failures of a connection attempt, over IPv4 only. */
import { firstSilent } from '../first-silent.ts';
import type { Family } from '../../lab/vocabulary/topology.ts';
import type { Stage } from '../../lab/run/scenario.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import { attemptsRemark, countOf, defineFailure, seen, sinceFirstPacket, type Failure } from './failure.ts';

/** Zone order and no AAAA records: every client is offered backend-1 first, then backend-2. */
export async function twoAddresses({ dns }: Stage): Promise<void> {
  await dns.chain(['sort', 'selectFirst 2']);
}

const isSyn = ({ event }: TimelineEvent): boolean => event === 'wire:syn' || event === 'wire:syn-retransmission';
const isRefusal = (event: TimelineEvent): boolean => event.event === 'wire:rst' && event.sender === 'server';
const onAll = (stage: Stage, fault: string, family: 0 | Family = 0): Promise<unknown> => Promise.all(stage.topology.backends.map((backend) => stage.apply(fault, backend, { family })));

export const connecting = {
  'first-refused': defineFailure({
    title: 'first address refused',
    measures: 'first SYN to the SYN to the second address',
    question: 'Which clients go on to the second address when the first one refuses?',
    why: 'There are two addresses, and nothing listens at the first one. After the refusal, the client can try the second one at once.',
    sources: ['RFC 9293 section 3.10.7.1 (RST)', 'RFC 1123 section 2.3 (try all addresses)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await stage.apply('refuse', 'backend-1');
    },
    met: ({ events }) => seen('a connection was refused', countOf(events, isRefusal)),
    readMs: ({ findings }) => findings.nextAddressDelayMs,
  }),
  'first-silent': {
    title: 'first address silent',
    measures: 'first SYN to the SYN to the second address',
    question: 'Which clients go on to the second address when the first one is silent, and after how long?',
    scenario: firstSilent,
    readMs: ({ findings }) => findings.nextAddressDelayMs,
    remark: ({ findings: { attemptsKept, addressesTried }, data: { outcome } }) => {
      if (attemptsKept !== null) return attemptsKept ? 'first kept' : 'first aborted';
      return addressesTried.length > 1 ? null : `second address ${outcome === 'no answer' ? 'not tried by then' : 'never tried'}`;
    },
  },
  'all-refused': defineFailure({
    title: 'all refused',
    measures: 'first packet to the error at the caller',
    question: 'How soon does the caller get the error when every address refuses?',
    why: 'Nothing listens at any address. How soon does the caller get the error?',
    sources: ['RFC 9293 section 3.10.7.1 (RST)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await onAll(stage, 'refuse');
    },
    met: ({ events }) => seen('a connection was refused', countOf(events, isRefusal)),
    readMs: sinceFirstPacket,
    remark: attemptsRemark,
  }),
  'all-silent': defineFailure({
    title: 'all silent',
    measures: 'first packet to the error at the caller',
    question: 'How soon does the caller get the error when no address answers?',
    why: 'No address answers. When the client has no timeout of its own, only the kernel gives up, after some two minutes.',
    sources: ['tcp(7) (tcp_syn_retries)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await onAll(stage, 'blackhole');
    },
    met: ({ events }) => seen('the client sent a SYN', countOf(events, isSyn)),
    readMs: sinceFirstPacket,
    remark: attemptsRemark,
  }),
  'syns-lost': defineFailure({
    title: 'first SYN lost',
    measures: 'first packet to the answer',
    question: 'How long does a request take when the first SYN of each connection is lost?',
    why: 'The first SYN of each connection is lost. The kernel repeats it after a second. A client with a shorter timer tries another address, and loses that SYN, too.',
    sources: ['RFC 6298 section 2 (initial RTO 1 s)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await Promise.all(stage.topology.backends.map((backend) => stage.apply('first-syns-lost', backend)));
    },
    met: ({ events }) => seen('the client sent a SYN', countOf(events, isSyn)),
    readMs: sinceFirstPacket,
    remark: attemptsRemark,
  }),
} satisfies Record<string, Failure>;
