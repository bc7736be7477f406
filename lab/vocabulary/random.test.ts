import { describe, expect, test } from 'vitest';
import { longRandom, seededRandom } from './random.ts';

const numbers = (seed: string, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
};

test('the same seed gives the same numbers, and another seed gives other numbers', () => {
  expect(numbers('1:A', 50)).toEqual(numbers('1:A', 50));
  expect(numbers('1:A', 50)).not.toEqual(numbers('1:AAAA', 50));
});

test('the numbers lie in [0, 1) and fall evenly into ten boxes', () => {
  const boxes = new Array<number>(10).fill(0);
  for (const number of numbers('even', 10_000)) {
    expect(number).toBeGreaterThanOrEqual(0);
    expect(number).toBeLessThan(1);
    const box = Math.floor(number * 10);
    boxes[box] = (boxes[box] ?? 0) + 1;
  }
  // Each box has 1,000 numbers on average, with a standard deviation of 30 (binomial). 120 is four of them. The seed is fixed, so the result never changes.
  for (const count of boxes) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});

describe('longRandom', () => {
  test('the same seed gives the same numbers, and seeds that are alike give streams that share nothing', () => {
    const stream = (seed: string): number[] => {
      const random = longRandom(seed);
      return Array.from({ length: 10_000 }, random);
    };
    expect(stream('1')).toEqual(stream('1'));
    const numbersOfOne = new Set(stream('1'));
    // Of 10^4 numbers with 32 bits, 0.02 occur in both streams by chance.
    expect(stream('2').filter((each) => numbersOfOne.has(each)).length).toBeLessThan(3);
  });

  test('the numbers lie in [0, 1), fall evenly into a thousand boxes, and do not follow each other', () => {
    const random = longRandom('even');
    const count = 1_000_000;
    const boxes = new Array<number>(1_000).fill(0);
    let [before, products] = [0.5, 0];
    for (let drawn = 0; drawn < count; drawn++) {
      const each = random();
      if (!(each >= 0 && each < 1)) throw new Error(`Expected a number in [0, 1), got ${each}.`);
      boxes[Math.floor(each * 1_000)] = (boxes[Math.floor(each * 1_000)] ?? 0) + 1;
      products += (each - 0.5) * (before - 0.5);
      before = each;
    }
    // Chi-squared with 999 degrees of freedom has the mean 999 and the standard deviation √1998.
    const chi2 = boxes.reduce((sum, box) => sum + (box - 1_000) ** 2 / 1_000, 0);
    expect(Math.abs(chi2 - 999)).toBeLessThan(4 * Math.sqrt(1_998));
    // Each product has the mean 0 and the standard deviation 1/12.
    expect(Math.abs(products)).toBeLessThan((4 * Math.sqrt(count)) / 12);
  });
});
