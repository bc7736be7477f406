/** The exact model of skew: what each resolver makes of the answers of DNS, for one position of the client. */
import { LabError } from '../../vocabulary/errors.ts';
import type { Address, HostAddress } from './address.ts';
import { glibcTables, type AddressTables } from './prefix-table.ts';
import { destinationOf, type Step } from './rank.ts';
import { resolverNames, resolvers, type Resolver, type ResolverName } from './resolvers.ts';
import { fractionText, numberOf, placesOf, sentBy, sharesOf, type Answer, type Policy } from './shares.ts';
import { compare } from './source-address.ts';

export interface SkewQuestion {
  /** The addresses of the client's host, in the order in which it was given them. */
  client: readonly HostAddress[];
  /** The addresses of the zone, in its order. */
  answers: readonly Address[];
  /** How many of its type an answer holds at most; null for all. */
  returned: number | null;
  policy: Policy;
  /** The answers as they were sent, for a run that was: then neither `returned` nor `policy` counts. Each list has the A answer first. */
  sent?: readonly (readonly Address[])[];
  /** The tables of a gai.conf; by default those of glibc. */
  gai?: AddressTables;
}

/** What one resolver does. */
export interface Explained {
  name: ResolverName;
  basis: Resolver['basis'];
  /** For each address the part of all new connections that goes to it, if each client uses the first address that it has a route to. */
  shares: Record<string, number>;
  /** The same as exact fractions: `2/3`. */
  fractions: Record<string, string>;
  /** The addresses from the most to the least preferred. Those of one group keep the order of DNS. */
  order: string[][];
  /** The first and the last place that an address can have in the resolver's list; null if no answer holds it. */
  places: Record<string, readonly [number, number] | null>;
  /** The addresses to which the host has no route. */
  noRoute: string[];
  /** The rule that put the first group before the second one: `rule 9: 30 bits shared`. */
  decidedBy: string;
  /** The same as a sentence. */
  because: string;
  summary: string;
  source: string;
}

/**
 * Returns the answer for each resolver. glibc-without-ipv6 is left out where all answers are IPv6 addresses.
 * @throws {LabError} BAD_INPUT if the question cannot be answered: no client, an address twice, more returned than there are, no address with a route.
 */
export function explainSkew(question: SkewQuestion): Explained[] {
  checkQuestion(question);
  return resolverNames.flatMap((name) => {
    const resolver: Resolver = resolvers[name];
    const host = resolver.host?.(question.client) ?? question.client;
    return meet(host, question.answers) ? [explainOne(name, resolver, host, question)] : [];
  });
}

/** Returns the list that a resolver gives for one lookup. `answers`: the addresses as DNS sent them, those of the A answer first. */
export function listOf(name: ResolverName, answers: readonly Address[], client: readonly HostAddress[], gai: AddressTables = glibcTables): Address[] {
  const resolver: Resolver = resolvers[name];
  return classesOf(rankedBy(resolver, answers, resolver.host?.(client) ?? client, gai)).flat().map(({ address }) => address);
}

function rankedBy(resolver: Resolver, answers: readonly Address[], host: readonly HostAddress[], gai: AddressTables): Ranked[] {
  const rank = resolver.ranking(answers, gai);
  return answers.map((address, index) => {
    const destination = destinationOf(address, host);
    return { index, address, steps: rank(destination), hasRoute: destination.source !== null };
  });
}

function explainOne(name: ResolverName, resolver: Resolver, host: readonly HostAddress[], { answers, returned, policy, sent, gai = glibcTables }: SkewQuestion): Explained {
  const ranked = rankedBy(resolver, answers, host, gai);
  const classes = classesOf(ranked);
  checkFamilies(ranked);
  const usable = classes.map((members) => members.filter(({ hasRoute }) => hasRoute)).filter(({ length }) => length > 0);
  const zone = ([4, 6] as const).map((family): Answer => {
    const all = ranked.filter(({ address }) => address.family === family).map(({ index }) => index);
    return { all, returned: Math.min(returned ?? all.length, all.length) };
  }).filter(({ all }) => all.length > 0);
  const indexes = (groups: readonly (readonly Ranked[])[]): number[][] => groups.map((members) => members.map(({ index }) => index));
  const lists = sent?.map((list) => list.map(({ text }) => answers.findIndex((each) => each.text === text)));
  const given = lists ? { answers: zone, lists } : sentBy(policy, zone);
  const shares = sharesOf(given, indexes(usable), resolver.reshuffles);
  const places = placesOf(given, indexes(classes), resolver.reshuffles);
  const record = <T>(value: (index: number) => T): Record<string, T> => Object.fromEntries(answers.map(({ text }, index) => [text, value(index)]));
  const share = (index: number) => shares.get(index) ?? { numerator: 0n, denominator: 1n };
  return {
    name,
    basis: resolver.basis,
    shares: record((index) => numberOf(share(index))),
    fractions: record((index) => fractionText(share(index))),
    order: classes.map((members) => members.map(({ address }) => address.text)),
    places: record((index) => places.get(index) ?? null),
    noRoute: ranked.filter(({ hasRoute }) => !hasRoute).map(({ address }) => address.text),
    ...decision(usable),
    summary: resolver.summary,
    source: resolver.source,
  };
}

/**
 * Rule 9 compares addresses of one family. Where two families tie before it, the comparison is no order: a before b by rule 9, b before c and c
 * before a by their places. Only a gai.conf can do that: in the default tables, IPv4 has a precedence of its own.
 */
function checkFamilies(ranked: readonly Ranked[]): void {
  const before = ({ steps }: Ranked): number[] => steps.filter(({ rule }) => rule !== 'rule 9').map(({ value }) => value);
  const routed = ranked.filter(({ hasRoute }) => hasRoute);
  for (const one of routed.filter(({ address }) => address.family === 4)) {
    const other = routed.find((each) => each.address.family === 6 && compare(before(each), before(one)) === 0);
    if (other) throw new LabError('BAD_INPUT', `Expected gai.conf to prefer one family, but no rule before rule 9 tells ${one.address.text} from ${other.address.text}. Rule 9 compares addresses of one family only, so the order of all of them depends on how glibc sorts. Give IPv4 (::ffff:0:0/96) another precedence.`);
  }
}

interface Ranked {
  index: number;
  address: Address;
  steps: readonly Step[];
  hasRoute: boolean;
}

/** Groups the addresses with equal steps, the most preferred group first. */
function classesOf(ranked: readonly Ranked[]): Ranked[][] {
  const values = ({ steps }: Ranked): number[] => steps.map(({ value }) => value);
  const classes: Ranked[][] = [];
  for (const each of ranked.toSorted((one, other) => compare(values(other), values(one)))) {
    const last = classes.at(-1);
    if (last?.[0] && compare(values(last[0]), values(each)) === 0) last.push(each);
    else classes.push([each]);
  }
  return classes;
}

/** The first step that tells the best group from the next one. */
function decision([best, next]: readonly (readonly Ranked[])[]): Pick<Explained, 'decidedBy' | 'because'> {
  const [winner, loser] = [best?.[0], next?.[0]];
  if (!winner || !loser) {
    const sorts = (winner?.steps.length ?? 0) > 1;
    return sorts
      ? { decidedBy: 'rule 10: the order of DNS stays', because: 'no rule prefers one of the addresses, so the order of DNS stays (rule 10)' }
      : { decidedBy: 'no sort: the order of DNS stays', because: 'the resolver does not sort, so the order of DNS stays' };
  }
  const at = winner.steps.findIndex(({ value }, index) => value !== loser.steps[index]?.value);
  const [step, other] = [winner.steps[at], loser.steps[at]];
  const rule = step?.rule ?? '';
  return {
    decidedBy: rule.startsWith('rule') ? `${rule}: ${step?.says ?? ''}` : rule,
    because: rule.startsWith('rule')
      ? `${rule}${ruleNames[rule] ? ` (${ruleNames[rule]})` : ''}: ${winner.address.text} has ${step?.says ?? ''}, ${loser.address.text} has ${other?.says ?? ''}`
      : `it puts ${rule}`,
  };
}

/** The titles of the rules in RFC 6724 section 6. */
const ruleNames: Record<string, string> = {
  'rule 1': 'avoid unusable destinations',
  'rule 2': 'prefer matching scope',
  'rule 5': 'prefer matching label',
  'rule 6': 'prefer higher precedence',
  'rule 8': 'prefer smaller scope',
  'rule 9': 'use the longest matching prefix',
};

const meet = (host: readonly HostAddress[], answers: readonly Address[]): boolean => answers.some((address) => destinationOf(address, host).source !== null);

function checkQuestion({ client, answers, returned }: SkewQuestion): void {
  if (client.length === 0) throw new LabError('BAD_INPUT', "Expected one `--client ADDRESS/PREFIX` or more: the addresses of the client's host, as `ip address` shows them. Got none.");
  if (answers.length === 0) throw new LabError('BAD_INPUT', 'Expected `--answers` to be addresses with commas between them, such as 172.18.1.10,172.18.1.37. Got none.');
  for (const [option, list] of [['--client', client], ['--answers', answers]] as const) {
    const twice = list.find(({ bytes }, index) => list.findIndex((other) => other.bytes.join() === bytes.join()) < index);
    if (twice) throw new LabError('BAD_INPUT', `Expected each address of \`${option}\` once, got \`${twice.text}\` twice.`);
  }
  const counts = ([4, 6] as const).map((family) => answers.filter((address) => address.family === family).length);
  if (returned !== null && returned > Math.max(...counts)) {
    throw new LabError('BAD_INPUT', `Expected \`--returned\` to be no more than the addresses that an answer can hold, got ${returned}. \`--answers\` has ${counts[0]} IPv4 and ${counts[1]} IPv6 addresses, and A and AAAA are two answers.`);
  }
  if (!meet(client, answers)) {
    throw new LabError('BAD_INPUT', `Expected \`--client\` and \`--answers\` to have one family in common. The client (${client.map(({ text }) => text).join(', ')}) has no route to any of ${answers.map(({ text }) => text).join(', ')}.`);
  }
}
