/**
 * The filter chain that changes the addresses of each answer. The filters act in the order of the chain (their names are those of NS1's
 * filter chains). The order matters: a chain that selects two addresses before it shuffles always selects the same two.
 */
import { shuffled, type Random } from '../../lab/vocabulary/random.ts';
import type { AddressRecord } from './records.ts';

export interface FilterContext {
  random: Random;
  /** How many answers for this name and type were given before this one. */
  answersBefore: number;
  /** The filter's argument, if it takes one. */
  n: number;
}

/** Returns the records that stay in the answer, in their new order. It does not change `records`. */
export type Filter = (records: AddressRecord[], context: FilterContext) => AddressRecord[];

export const filters = {
  /** Leaves out the records that are marked down, as a DNS provider does after a failed health check. */
  up: (records) => records.filter((record) => record.up),
  /** Every order is equally likely (Fisher–Yates). */
  shuffle: (records, { random }) => shuffled(records, random),
  /** Each answer starts one record later than the answer before it (round robin). */
  rotate: (records, { answersBefore }) => {
    const start = answersBefore % Math.max(records.length, 1);
    return [...records.slice(start), ...records.slice(0, start)];
  },
  /** Restores the order of the zone, whatever the filters before it did. */
  sort: (records) => records.toSorted((a, b) => a.position - b.position),
  /** Keeps the first n records. */
  selectFirst: (records, { n }) => records.slice(0, n),
} satisfies Record<string, Filter>;

export type FilterName = keyof typeof filters;
export const filterNames = Object.keys(filters) as FilterName[];

/** One filter of a chain: its name, whether it is on, and its argument. */
export interface ChainLink {
  filter: FilterName;
  on: boolean;
  n: number;
}

/** Returns the chain of the DNS provider in the original experiment: healthy records only, shuffled, two of the three (S2). */
export function defaultChain(): ChainLink[] {
  return [
    { filter: 'up', on: true, n: 0 },
    { filter: 'shuffle', on: true, n: 0 },
    { filter: 'rotate', on: false, n: 0 },
    { filter: 'sort', on: false, n: 0 },
    { filter: 'selectFirst', on: true, n: 2 },
  ];
}

/** Passes `records` through every filter that is on, in the order of the chain. */
export function applyChain(chain: readonly ChainLink[], records: AddressRecord[], context: Omit<FilterContext, 'n'>): AddressRecord[] {
  return chain
    .filter((link) => link.on)
    .reduce((kept, { filter, n }) => filters[filter](kept, { ...context, n }), records);
}

/** Returns the filters that are on as text, `up > shuffle > selectFirst 2`, or `none`. */
export function chainText(chain: readonly ChainLink[]): string {
  const links = chain.filter((link) => link.on).map(({ filter, n }) => (filter === 'selectFirst' ? `${filter} ${n}` : filter));
  return links.join(' > ') || 'none';
}
