/** Failures of the connection attempt, over IPv4 alone. */
import { backendNames, type Family } from '../../lab/vocabulary/topology.ts';
import type { Stage } from '../../lab/run/scenario.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import { attemptsRemark, countOf, defineFailure, seen, sinceFirstPacket, type Failure } from './failure.ts';

/** Zone order and no AAAA: every client is offered backend-1 first, then backend-2. */
export async function twoAddresses({ dns }: Stage): Promise<void> {
  await dns.chain(['sort', 'selectFirst 2']);
}

const isSyn = ({ event }: TimelineEvent): boolean => event === 'wire:syn' || event === 'wire:syn-retransmission';
const isRefusal = (event: TimelineEvent): boolean => event.event === 'wire:rst' && event.sender === 'server';
const onAll = (stage: Stage, fault: string, family: 0 | Family = 0): Promise<unknown> => Promise.all(backendNames.map((backend) => stage.apply(fault, backend, { family })));

export const connecting = {
  'first-refused': defineFailure({
    title: 'first address refused',
    measures: 'first SYN to the SYN to the second address',
    why: 'Two addresses, and nobody listens at the first one. A refusal is news: the second can be tried at once.',
    sources: ['RFC 9293 section 3.10.7.1 (RST)', 'RFC 1123 section 2.3 (try all addresses)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await stage.apply('refuse', 'backend-1');
    },
    met: ({ events }) => seen('a connection was refused', countOf(events, isRefusal)),
    readMs: ({ findings }) => findings.nextAddressDelayMs,
  }),
  'first-silent': defineFailure({
    title: 'first address silent',
    measures: 'first SYN to the SYN to the second address',
    why: 'Two addresses, and the first one does not answer. Only a timer of the client’s own tells it from a slow one.',
    sources: ['RFC 8305 section 5 (connection attempt delay)', 'RFC 9293 section 3.8.3 (SYN retransmission)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await stage.apply('blackhole', 'backend-1');
    },
    met: ({ events }) => seen('a SYN left', countOf(events, isSyn)),
    readMs: ({ findings }) => findings.nextAddressDelayMs,
    remark: ({ findings: { attemptsKept } }) => (attemptsKept === null ? null : attemptsKept ? 'first kept' : 'first aborted'),
  }),
  'all-refused': defineFailure({
    title: 'all refused',
    measures: 'first packet to the error at the caller',
    why: 'Nobody listens anywhere. How soon is the caller told?',
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
    why: 'Nobody answers anywhere. Without a timeout of the client’s own, only the kernel gives up, after some two minutes.',
    sources: ['tcp(7) (tcp_syn_retries)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await onAll(stage, 'blackhole');
    },
    met: ({ events }) => seen('a SYN left', countOf(events, isSyn)),
    readMs: sinceFirstPacket,
    remark: attemptsRemark,
  }),
  'first-syn-lost': defineFailure({
    title: 'first SYN lost',
    measures: 'first packet to the answer',
    why: 'One SYN is lost. The kernel repeats it after a second; a client with a shorter timer tries another address, and loses that SYN, too.',
    sources: ['RFC 6298 section 2 (initial RTO 1 s)'],
    prepare: async (stage) => {
      await twoAddresses(stage);
      await Promise.all(backendNames.map((backend) => stage.apply('first-syns-lost', backend)));
    },
    met: ({ events }) => seen('a SYN left', countOf(events, isSyn)),
    readMs: sinceFirstPacket,
    remark: attemptsRemark,
  }),
} satisfies Record<string, Failure>;
