/** The exact share of each address: how often it is the first one of the client's order that has a route. */

/** A share as a fraction in lowest terms. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

export const numberOf = ({ numerator, denominator }: Fraction): number => Number(numerator) / Number(denominator);
export const fractionText = ({ numerator, denominator }: Fraction): string => (denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`);

/** One of the two answers of a lookup: A or AAAA. */
export interface Answer {
  /** The addresses of the zone, in its order, as numbers. */
  all: readonly number[];
  /** How many of them an answer holds. */
  returned: number;
}

export const policies = ['shuffle', 'fixed', 'rotate'] as const;
/** How the DNS server orders each answer before it selects the first ones: every order is equally likely; always the same; each answer starts one later. */
export type Policy = (typeof policies)[number];

/** The answers of DNS: all of their possible lists, each equally likely, or null for every order of each answer. */
export interface Sent {
  answers: readonly Answer[];
  /** Each list has the addresses of the A answer and then those of the AAAA answer. */
  lists: readonly (readonly number[])[] | null;
}

/** Returns what a policy sends. Without a shuffle there are few lists: one, or one for each step of the rotation, in which both types go in step. */
export function sentBy(policy: Policy, answers: readonly Answer[]): Sent {
  if (policy === 'shuffle') return { answers, lists: null };
  const steps = policy === 'fixed' ? 1 : answers.reduce((common, { all }) => (common * all.length) / Number(greatestCommonDivisor(BigInt(common), BigInt(all.length))), 1);
  return { answers, lists: Array.from({ length: steps }, (_, step) => answers.flatMap(({ all, returned }) => [...all.slice(step % all.length), ...all.slice(0, step % all.length)].slice(0, returned))) };
}

/**
 * Returns the share of each address. `classes`: the addresses with a route, the most preferred class first; within a class the order of DNS
 * stays, or with `reshuffles` each order is equally likely.
 */
export function sharesOf({ answers, lists }: Sent, classes: readonly (readonly number[])[], reshuffles = false): Map<number, Fraction> {
  return lists === null ? shuffledShares(answers, classes) : listedShares(lists, classes, reshuffles);
}

/**
 * With a shuffle, each set of `returned` addresses is equally likely, and so is each order within a class. A class gets the answers that hold
 * one of its addresses and none of a better class, and its addresses get equal parts of that. So no order has to be tried: 24 addresses have
 * 24! of them.
 */
function shuffledShares(answers: readonly Answer[], classes: readonly (readonly number[])[]): Map<number, Fraction> {
  /** How many pairs of answers hold none of these addresses. */
  const without = (left: ReadonlySet<number>): bigint =>
    answers.reduce((ways, { all, returned }) => ways * choose(all.filter((each) => !left.has(each)).length, returned), 1n);
  const total = without(new Set());
  const shares = new Map<number, Fraction>();
  const better = new Set<number>();
  for (const members of classes) {
    const before = without(better);
    for (const each of members) better.add(each);
    const share = reduced(before - without(better), total * BigInt(members.length));
    for (const each of members) shares.set(each, share);
  }
  return shares;
}

function listedShares(lists: readonly (readonly number[])[], classes: readonly (readonly number[])[], reshuffles: boolean): Map<number, Fraction> {
  const shares = new Map(classes.flat().map((each) => [each, reduced(0n, 1n)]));
  for (const list of lists) {
    const best = classes.map((members) => list.filter((each) => members.includes(each))).find(({ length }) => length > 0) ?? [];
    const first = reshuffles ? best : best.slice(0, 1);
    for (const each of first) shares.set(each, plus(shares.get(each), reduced(1n, BigInt(lists.length * first.length))));
  }
  return shares;
}

/**
 * Returns the first and the last place that each address can have in the client's order, from 1. Null: no answer holds it. `classes`: as for the
 * shares, and after them the addresses without a route.
 */
export function placesOf({ answers, lists }: Sent, classes: readonly (readonly number[])[], reshuffles = false): Map<number, readonly [number, number] | null> {
  const places = new Map<number, readonly [number, number] | null>();
  for (const [rank, members] of classes.entries()) {
    const better = new Set(classes.slice(0, rank).flat());
    for (const each of members) {
      const seen = lists === null ? [shuffledPlace(answers, better, members, each)] : lists.filter((list) => list.includes(each)).map((list) => listedPlace(list, better, members, each, reshuffles));
      places.set(each, seen.length === 0 ? null : [Math.min(...seen.map(([first]) => first)), Math.max(...seen.map(([, last]) => last))]);
    }
  }
  return places;
}

/** Counts the fewest and the most addresses that can stand before `each` in an answer that holds it. */
function shuffledPlace(answers: readonly Answer[], better: ReadonlySet<number>, members: readonly number[], each: number): readonly [number, number] {
  let [first, last] = [1, 1];
  for (const { all, returned } of answers) {
    const holdsIt = all.includes(each) ? 1 : 0;
    const places = returned - holdsIt;
    const before = all.filter((other) => better.has(other)).length;
    const equal = all.filter((other) => other !== each && members.includes(other)).length;
    first += Math.max(0, places - (all.length - holdsIt - before));
    last += Math.min(places, before + equal);
  }
  return [first, last];
}

function listedPlace(list: readonly number[], better: ReadonlySet<number>, members: readonly number[], each: number, reshuffles: boolean): readonly [number, number] {
  const before = list.filter((other) => better.has(other)).length;
  const equal = list.filter((other) => members.includes(other));
  return reshuffles ? [before + 1, before + equal.length] : [before + equal.indexOf(each) + 1, before + equal.indexOf(each) + 1];
}

/** How many sets of `taken` there are. */
function choose(from: number, taken: number): bigint {
  let ways = 1n;
  for (let index = 0; index < taken; index++) ways = (ways * BigInt(from - index)) / BigInt(index + 1);
  return ways;
}

function reduced(numerator: bigint, denominator: bigint): Fraction {
  const common = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / common, denominator: denominator / common };
}

function plus(one: Fraction = reduced(0n, 1n), other: Fraction): Fraction {
  return reduced(one.numerator * other.denominator + other.numerator * one.denominator, one.denominator * other.denominator);
}

function greatestCommonDivisor(one: bigint, other: bigint): bigint {
  return other === 0n ? one : greatestCommonDivisor(other, one % other);
}
