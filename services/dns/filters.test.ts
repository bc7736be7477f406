import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { applyChain, chainText, defaultChain, filterNames, filters, type ChainLink, type FilterName } from './filters.ts';
import type { AddressRecord } from './records.ts';

const record = (last: number, up = true): AddressRecord => ({ name: 'web.lab.test', type: 'A', address: `198.51.100.${last}`, up, position: last });
const three = [record(11), record(12), record(13)];
const lasts = (records: AddressRecord[]): number[] => records.map(({ position }) => position);
const context = (seed = '1', answersBefore = 0) => ({ random: seededRandom(seed), answersBefore, n: 0 });
const chain = (...words: string[]): ChainLink[] =>
  words.map((word) => {
    const [filter, n = '0'] = word.split(' ');
    return { filter: filter as FilterName, on: true, n: Number(n) };
  });

describe('each filter', () => {
  test('up leaves out the records that are marked down', () => {
    expect(lasts(filters.up([record(11), record(12, false), record(13)]))).toEqual([11, 13]);
  });

  test('shuffle keeps every record and gives each of the six orders its share', () => {
    const random = seededRandom('orders');
    const orders = new Map<string, number>();
    for (let round = 0; round < 6_000; round++) {
      const order = lasts(filters.shuffle(three, { random, answersBefore: 0, n: 0 })).join(' ');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    // Each order is expected 1,000 times; 116 is four standard deviations of a binomial count. The seed is fixed, so the counts never change.
    for (const count of orders.values()) expect(Math.abs(count - 1_000)).toBeLessThan(116);
  });

  test('rotate starts each answer one record later', () => {
    const starts = [0, 1, 2, 3].map((answersBefore) => lasts(filters.rotate(three, context('1', answersBefore))));
    expect(starts).toEqual([[11, 12, 13], [12, 13, 11], [13, 11, 12], [11, 12, 13]]);
    expect(filters.rotate([], context('1', 5))).toEqual([]);
  });

  test('sort restores the order of the zone', () => {
    expect(lasts(filters.sort([record(13), record(11), record(12)]))).toEqual([11, 12, 13]);
  });

  test('selectFirst keeps the first n records, and all records of a short answer', () => {
    const cut = (n: number): number[] => lasts(filters.selectFirst(three, { ...context(), n }));
    expect([cut(0), cut(2), cut(9)]).toEqual([[], [11, 12], [11, 12, 13]]);
  });

  test('no filter changes the records that it is given', () => {
    const given = [record(13), record(11, false), record(12)];
    const before = structuredClone(given);
    for (const name of filterNames) filters[name](given, { ...context(), n: 2 });
    expect(given).toEqual(before);
  });
});

describe('a chain', () => {
  const answers = (links: ChainLink[], count: number): string[] => {
    const random = seededRandom('chain');
    return Array.from({ length: count }, (_, answersBefore) => lasts(applyChain(links, three, { random, answersBefore })).join(' '));
  };

  test('shuffle, then select: every pair occurs', () => {
    expect(new Set(answers(chain('shuffle', 'selectFirst 2'), 200))).toEqual(new Set(['11 12', '12 11', '11 13', '13 11', '12 13', '13 12']));
  });

  test('select, then shuffle: always the same two', () => {
    expect(new Set(answers(chain('selectFirst 2', 'shuffle'), 200))).toEqual(new Set(['11 12', '12 11']));
  });

  test('links that are off do nothing', () => {
    const links = chain('shuffle', 'selectFirst 1').map((link) => ({ ...link, on: false }));
    expect(new Set(answers(links, 20))).toEqual(new Set(['11 12 13']));
  });

  test('is written as text', () => {
    expect(chainText(defaultChain())).toBe('up > shuffle > selectFirst 2');
    expect(chainText(defaultChain().map((link) => ({ ...link, on: false })))).toBe('none');
  });
});
