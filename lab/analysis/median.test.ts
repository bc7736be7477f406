import { expect, test } from 'vitest';
import { median } from './median.ts';

test('the median of values in any order, of an even number of values, and of no values', () => {
  expect([median([3, 1, 2]), median([10, 2, 4, 1]), median([7]), median([])]).toEqual([2, 3, 7, null]);
});
