import { expect, test } from 'vitest';
import { chiSquaredAtLeast } from './chi-squared.ts';

// Upper critical values of the chi-squared distribution (NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.4).
test.each([
  [1, 2.706, 0.1], [1, 3.841, 0.05], [1, 10.828, 0.001],
  [2, 5.991, 0.05], [2, 13.816, 0.001],
  [3, 6.251, 0.1], [3, 7.815, 0.05], [3, 16.266, 0.001],
  [4, 9.488, 0.05], [11, 19.675, 0.05], [22, 33.924, 0.05],
  [23, 32.007, 0.1], [23, 35.172, 0.05], [23, 49.728, 0.001],
])('with %i degrees of freedom, %d or more has the probability %d', (degrees, x, probability) => {
  expect(chiSquaredAtLeast(x, degrees) / probability).toBeCloseTo(1, 3);
});

// Abramowitz and Stegun, table 7.1; erfc(3) = 2.209049699858544e-5. The first two are from the series, the others from the continued fraction.
test.each([[0.1, 0.887537083981715], [1, 0.157299207050285], [2, 0.004677734981047], [3, 2.209049699858544e-5]])('one degree of freedom is erfc(%d)', (z, erfc) => {
  expect(chiSquaredAtLeast(2 * z * z, 1) / erfc).toBeCloseTo(1, 12);
});

test('the series and the continued fraction meet: the probability has no step', () => {
  const [before, after] = [chiSquaredAtLeast(4 - 1e-9, 1), chiSquaredAtLeast(4 + 1e-9, 1)];
  expect(before).toBeGreaterThan(after);
  expect(before - after).toBeLessThan(1e-9);
});

test('at 0 it is 1, without a degree of freedom nothing else is possible, and a small probability is not rounded to 0', () => {
  expect([chiSquaredAtLeast(0, 1), chiSquaredAtLeast(0, 0), chiSquaredAtLeast(1, 0)]).toEqual([1, 1, 0]);
  // e^-100 (1 + 100) for four degrees of freedom.
  expect(Math.log(chiSquaredAtLeast(200, 4))).toBeCloseTo(-100 + Math.log(101), 9);
});

test('many degrees of freedom: the mean is a little above the median', () => {
  // scipy.stats.chi2.sf(9999, 9999)
  expect(chiSquaredAtLeast(9_999, 9_999)).toBeCloseTo(0.498119, 5);
});
