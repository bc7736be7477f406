/**
 * The filter chain that an address answer passes, in the order the chain lists them (the vocabulary of NS1's
 * filter chains). Order matters: cutting to two before shuffling always cuts the same two.
 */
import { shuffled, type Random } from '../../lab/vocabulary/random.ts';
import type { AddressRecord } from './records.ts';

export interface FilterContext {
  random: Random;
  /** How many answers of this name and type were given before this one. */
  answersBefore: number;
  /** The filter's argument, where it takes one. */
  n: number;
}

export type Filter = (records: AddressRecord[], context: FilterContext) => AddressRecord[];

export const filters = {
  /** Leaves out records that are marked down, as a health check would. */
  up: (records) => records.filter((record) => record.up),
  /** Every order equally likely (Fisher–Yates). */
  shuffle: (records, { random }) => shuffled(records, random),
  /** Each answer starts one record further (round robin). */
  rotate: (records, { answersBefore }) => {
    const start = answersBefore % Math.max(records.length, 1);
    return [...records.slice(start), ...records.slice(0, start)];
  },
  /** The zone's order, whatever the filters before made of it. */
  sort: (records) => records.toSorted((a, b) => a.position - b.position),
  /** The first n. */
  selectFirst: (records, { n }) => records.slice(0, n),
} satisfies Record<string, Filter>;

export type FilterName = keyof typeof filters;
export const filterNames = Object.keys(filters) as FilterName[];

/** One place of a chain: which filter, whether it acts, and its argument. */
export interface ChainLink {
  filter: FilterName;
  on: boolean;
  n: number;
}

/** The seed story's provider: two of the three, shuffled, healthy ones only (S2). */
export function defaultChain(): ChainLink[] {
  return [
    { filter: 'up', on: true, n: 0 },
    { filter: 'shuffle', on: true, n: 0 },
    { filter: 'rotate', on: false, n: 0 },
    { filter: 'sort', on: false, n: 0 },
    { filter: 'selectFirst', on: true, n: 2 },
  ];
}

/** Passes `records` through every link that is on. */
export function applyChain(chain: readonly ChainLink[], records: AddressRecord[], context: Omit<FilterContext, 'n'>): AddressRecord[] {
  return chain
    .filter((link) => link.on)
    .reduce((kept, { filter, n }) => filters[filter](kept, { ...context, n }), records);
}

/** A chain as people write it: `up > shuffle > selectFirst 2`. */
export function chainText(chain: readonly ChainLink[]): string {
  const links = chain.filter((link) => link.on).map(({ filter, n }) => (filter === 'selectFirst' ? `${filter} ${n}` : filter));
  return links.join(' > ') || 'none';
}
