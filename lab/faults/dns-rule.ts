/**
 * Shared by the DNS faults: set a rule of the DNS server (services/dns/rules.ts), remove it, and look at the answers.
 *
 * The observer asks for the same name as the client. The server draws the answers for the observer separately, so the observer's queries
 * do not change the client's sequence of answers. A rule for the client alone also names the observer's IPv4 address. Over IPv4 the
 * observer must see the effect, through the same list of addresses that names the client. Over IPv6 the rule does not name the observer's
 * address, so the observer must not see the effect.
 */
import { noEffect, type Effect } from '../../services/dns/rules.ts';
import { choice, integer, text, type OptionValues } from '../vocabulary/options.ts';
import type { DnsExchange, DnsReply } from '../network/probe.ts';
import { httpsQueryName } from '../vocabulary/https-record.ts';
import { askersOf, portOf, webName } from '../vocabulary/topology.ts';
import { rcodeNames } from '../vocabulary/rcodes.ts';
import { observeEach, type FaultTarget, type Heal, type Observation } from './fault.ts';

const name = text(webName, 'the name in the query; an HTTPS query for it may have a port before it');
const client = choice(['any', 'client'], 'any', "hit the queries of any host, or of the client's host only");
export const whichQueries = { name, type: choice(['any', 'A', 'AAAA', 'HTTPS'], 'any', 'the type of the query'), client };
/** For a fault that changes addresses. */
export const whichAddressQueries = { name, type: choice(['any', 'A', 'AAAA'], 'any', 'the type of the query'), client };

export const share = { percent: integer(100, 5, 'percentage of the queries that are hit, by a seeded draw for each client address', 100) };

type Which = OptionValues<typeof whichQueries> & { percent?: number };

/** Puts a rule in force under the fault's name. The returned heal removes the rule. */
export async function setRule(target: FaultTarget, id: string, { name, type, client, percent = 100 }: Which, effect: Partial<Effect>): Promise<Heal> {
  const clients = client === 'any' ? null : [...askersOf(target.topology), target.topology.hosts.observer.ipv4];
  const match = { name: name.toLowerCase(), type: type === 'any' ? null : type, clients, percent };
  await target.service().call('rule', { id, match, effect: { ...noEffect, ...effect } });
  return async () => {
    await target.service().call('unrule', { id });
  };
}

/** A healthy server answers in well under a millisecond. The limit is for a busy machine. */
const answerLimitMs = 1_000;
/** Number of queries when only a share of them is hit. With 200 queries, a share of 5 % is missed once in twenty thousand looks. */
const draws = 200;

export interface Look {
  transport?: 'udp' | 'tcp';
  timeoutMs?: number;
  /** Number of queries, for an effect that one answer could show by chance. */
  queries?: number;
}

/**
 * The observer sends queries of each type in each family, and `isEffect` judges each answer. `isEffect` returns null if an answer cannot
 * show the effect, for example an answer without records when the effect is on records. At least one other answer must then show it.
 */
export function observeAnswers(target: FaultTarget, which: Which, isEffect: (asked: DnsExchange, type: AskedType) => boolean | null, { transport = 'udp', timeoutMs = answerLimitMs, queries }: Look = {}): Promise<Observation> {
  const { name, type, client, percent = 100 } = which;
  const count = queries ?? (percent < 100 ? draws : 1);
  return observeEach([4, 6], async (family) => {
    const types = typesOf(type);
    const looks = await Promise.all(
      types.map(async (each) => {
        const all = await inBatches(count, () => target.probe.ask(family, transport, queryName(target, name, each), each, timeoutMs));
        const verdicts = all.map((asked) => isEffect(asked, each)).filter((verdict) => verdict !== null);
        const observed = verdicts.filter(Boolean).length / verdicts.length;
        return { text: `${each} ${askedText(all[0])}${percent < 100 ? ` (effect in ${(observed * 100).toFixed(0)} % of the answers)` : ''}`, seen: verdicts.length === 0 ? null : isShare(observed, percent / 100, verdicts.length) };
      }),
    );
    const effect = looks.some(({ seen }) => seen === true) && looks.every(({ seen }) => seen !== false);
    const named = client === 'any' || family === 4;
    return { seen: named ? effect : !effect, observed: `${looks.map((look) => look.text).join(', ')}${named ? '' : ' (not named by the rule)'}` };
  });
}

/** A type that the observer asks for. */
export type AskedType = 'A' | 'AAAA' | 'HTTPS';

/** Returns the name that a client of the web servers asks for. An HTTPS query has the port of the web servers before the name. */
export function queryName({ topology }: Pick<FaultTarget, 'topology'>, name: string, type: AskedType): string {
  return type === 'HTTPS' ? httpsQueryName(name, portOf(topology, 'backend-1')) : name;
}

/** The types that a `type` option stands for. A rule for any type is one rule: where it hits A and AAAA, it hits the others. */
export function typesOf(type: Which['type']): AskedType[] {
  return type === 'any' ? ['A', 'AAAA'] : [type];
}

/** Makes some queries at a time. All at once would overflow the server's receive buffer, and the lost queries would hide the effect. */
async function inBatches<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const batch = 25;
  const all: T[] = [];
  while (all.length < count) all.push(...(await Promise.all(Array.from({ length: Math.min(batch, count - all.length) }, make))));
  return all;
}

/** Whether the observed share is more than zero and within five standard deviations of the expected share. */
function isShare(observed: number, expected: number, count: number): boolean {
  return observed > 0 && Math.abs(observed - expected) <= 5 * Math.sqrt((expected * (1 - expected)) / count);
}

/** The first reply: a resolver takes this one. */
export function firstReply({ replies: [reply] }: DnsExchange): DnsReply | undefined {
  return reply;
}

export function rcodeOf(reply: DnsReply | undefined): string {
  return reply ? (rcodeNames[reply.rcode] ?? String(reply.rcode)) : 'no reply';
}

export function addressesIn(reply: DnsReply | undefined): string[] {
  return (reply?.records ?? []).filter((record) => !record.startsWith('CNAME ')).map((record) => record.replace(/^\S+ /, ''));
}

/** What a healthy answer of the lab's server has and this one has not. */
function missing({ rcode, aa, ra, soa, truncated, records }: DnsReply): string[] {
  const isNoError = rcodeNames[rcode] === 'NOERROR';
  return [isNoError && !aa ? 'no AA' : '', ra ? '' : 'no RA', isNoError && records.length === 0 && !truncated && !soa ? 'no SOA' : ''];
}

function askedText(asked: DnsExchange | undefined): string {
  const reply = asked && firstReply(asked);
  if (!asked || !reply) return asked?.outcome ?? 'not asked';
  const parts = [
    rcodeOf(reply),
    reply.truncated ? 'truncated' : '',
    ...missing(reply),
    ...reply.records.map((record) => record.replace(/^(A+|HTTPS) /, '')),
    reply.ttlsS.length > 0 ? `TTL ${[...new Set(reply.ttlsS)].join('/')}` : '',
    reply.ownId ? '' : 'with a wrong id',
    asked.replies.length > 1 ? `× ${asked.replies.length}` : '',
    `after ${reply.tookMs.toFixed(0)} ms`,
  ];
  return parts.filter(Boolean).join(' ');
}
