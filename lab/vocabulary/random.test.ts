import { expect, test } from 'vitest';
import { seededRandom } from './random.ts';

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
