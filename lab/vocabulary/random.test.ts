import { expect, test } from 'vitest';
import { seededRandom } from './random.ts';

const numbers = (seed: string, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
};

test('the same seed gives the same numbers, another seed others', () => {
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
  // 1,000 each; the standard deviation of a binomial count is 30, four of them are 120. The seed is fixed: no chance is involved.
  for (const count of boxes) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});
