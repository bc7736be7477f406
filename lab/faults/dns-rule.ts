/**
 * What the faults of DNS share: a rule of the DNS server (services/dns/rules.ts), its undoing, and a look at the answers.
 *
 * The observer asks for the same name as clients do, and the server draws its answers apart, so that looking takes nothing out of the
 * client's sequence. A rule for the client alone names the observer's IPv4 address beside the client's: over IPv4 the observer meets
 * the effect through the very list that the client is in, and over IPv6, from an address that is not in it, it must not.
 */
import { noEffect, type Effect } from '../../services/dns/rules.ts';
import { choice, integer, text, type OptionValues } from '../vocabulary/options.ts';
import type { Asked, DnsReply } from '../network/probe.ts';
import { webName } from '../vocabulary/topology.ts';
import { rcodeNames } from '../vocabulary/rcodes.ts';
import { observeEach, type FaultTarget, type Heal, type Observation } from './fault.ts';

export const whichQueries = {
  name: text(webName, 'the name that is asked for'),
  type: choice(['any', 'A', 'AAAA'], 'any', 'the type that is asked for'),
  client: choice(['any', 'client'], 'any', "who asks: anybody, or the client's host alone"),
};
export const share = { percent: integer(100, 5, 'how many of a hundred queries, by a seeded draw for each client address', 100) };

type Which = OptionValues<typeof whichQueries> & { percent?: number };

/** Puts a rule in force under the fault's name. */
export async function setRule(target: FaultTarget, id: string, { name, type, client, percent = 100 }: Which, effect: Partial<Effect>): Promise<Heal> {
  const { hosts } = target.topology;
  const clients = client === 'any' ? null : [hosts.client.ipv4, hosts.client.ipv6, hosts.observer.ipv4];
  const match = { name: name.toLowerCase(), type: type === 'any' ? null : type, clients, percent };
  await target.service().call('rule', { id, match, effect: { ...noEffect, ...effect } });
  return async () => {
    await target.service().call('unrule', { id });
  };
}

/** A healthy server answers in well under a millisecond; this is for a busy machine. */
const answerLimitMs = 1_000;
/** Queries where a share of them is the effect: 5 % is missed once in twenty thousand looks. */
const draws = 200;

export interface Look {
  transport?: 'udp' | 'tcp';
  timeoutMs?: number;
  /** How many queries, where chance must be shut out. */
  queries?: number;
}

/**
 * Asks on each family for each type, and sees whether the answers are the effect. `isEffect` says null where an answer cannot tell, as
 * one without records where a record is to be looked at; some other one has to tell, then.
 */
export function observeAnswers(target: FaultTarget, which: Which, isEffect: (asked: Asked) => boolean | null, { transport = 'udp', timeoutMs = answerLimitMs, queries }: Look = {}): Promise<Observation> {
  const { name, type, client, percent = 100 } = which;
  const count = queries ?? (percent < 100 ? draws : 1);
  return observeEach([4, 6], async (family) => {
    const types = type === 'any' ? ['A', 'AAAA'] : [type];
    const looks = await Promise.all(
      types.map(async (each) => {
        const all = await inBatches(count, () => target.probe.ask(family, transport, name, each, timeoutMs));
        const verdicts = all.map(isEffect).filter((verdict) => verdict !== null);
        const observed = verdicts.filter(Boolean).length / verdicts.length;
        return { text: `${each} ${askedText(all[0])}${percent < 100 ? ` (the effect in ${(observed * 100).toFixed(0)} %)` : ''}`, seen: verdicts.length === 0 ? null : isShare(observed, percent / 100, verdicts.length) };
      }),
    );
    const effect = looks.some(({ seen }) => seen === true) && looks.every(({ seen }) => seen !== false);
    const named = client === 'any' || family === 4;
    return { seen: named ? effect : !effect, observed: `${looks.map((look) => look.text).join(', ')}${named ? '' : ' (not named by the rule)'}` };
  });
}

/** Some at a time: a burst would overflow the server's receive buffer, and loss is not what is looked for. */
async function inBatches<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const batch = 25;
  const all: T[] = [];
  while (all.length < count) all.push(...(await Promise.all(Array.from({ length: Math.min(batch, count - all.length) }, make))));
  return all;
}

/** Within five standard deviations, and not nothing. */
function isShare(observed: number, expected: number, count: number): boolean {
  return observed > 0 && Math.abs(observed - expected) <= 5 * Math.sqrt((expected * (1 - expected)) / count);
}

/** The reply that a resolver would take: the first one. */
export function firstReply({ replies: [reply] }: Asked): DnsReply | undefined {
  return reply;
}

export function rcodeOf(reply: DnsReply | undefined): string {
  return reply ? (rcodeNames[reply.rcode] ?? String(reply.rcode)) : 'no reply';
}

export function addressesIn(reply: DnsReply | undefined): string[] {
  return (reply?.records ?? []).filter((record) => !record.startsWith('CNAME ')).map((record) => record.replace(/^\S+ /, ''));
}

function askedText(asked: Asked | undefined): string {
  const reply = asked && firstReply(asked);
  if (!asked || !reply) return asked?.outcome ?? 'not asked';
  const parts = [
    rcodeOf(reply),
    reply.truncated ? 'truncated' : '',
    ...reply.records.map((record) => record.replace(/^A+ /, '')),
    reply.ttlsS.length > 0 ? `TTL ${[...new Set(reply.ttlsS)].join('/')}` : '',
    reply.ownId ? '' : 'with another id',
    asked.replies.length > 1 ? `× ${asked.replies.length}` : '',
    `after ${reply.tookMs.toFixed(0)} ms`,
  ];
  return parts.filter(Boolean).join(' ');
}
