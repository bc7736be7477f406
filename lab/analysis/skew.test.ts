import { describe, expect, test } from 'vitest';
import { chanceOfShares, fitsShares, sharesText, skewOf } from './skew.ts';

describe('skewOf', () => {
  // p = e^(-x/2) with x = Σ (n - fair)² / fair. Any table for two degrees of freedom has the same values.
  test.each([
    [[100, 100, 100], 1, 1],
    [[200, 100, 0], 2, Math.exp(-100)],
    [[300, 0, 0], 3, Math.exp(-300)],
    [[34, 32, 33], 34 / 33, Math.exp(-1 / 33)],
    // x = 5.991 is the 5 % point of two degrees of freedom, 9.210 the 1 % point.
    [[100 + 17.307, 100 - 17.307, 100], 1.173, 0.05],
    [[100 + 21.459, 100 - 21.459, 100], 1.2146, 0.01],
  ])('%j', (counts, maxOverFair, chi2p) => {
    const skew = skewOf(counts);
    expect(skew.maxOverFair).toBeCloseTo(maxOverFair, 3);
    expect(skew.chi2p).toBeCloseTo(chi2p, 4);
  });

  test('chi2p does not round e⁻¹⁰⁰ to 0', () => {
    expect(skewOf([200, 100, 0]).chi2p).toBeGreaterThan(0);
    expect(Math.log(skewOf([200, 100, 0]).chi2p ?? 0)).toBeCloseTo(-100, 9);
  });

  test('is null without a response', () => {
    expect(skewOf([0, 0, 0])).toEqual({ maxOverFair: null, jainIndex: null, chi2p: null });
  });

  // The 5 % points of 1, 4 and 23 degrees of freedom: 3.841, 9.488 and 35.172 (NIST/SEMATECH e-Handbook, section 1.3.6.7.4).
  test.each([
    [2, 3.841],
    [5, 9.488],
    [24, 35.172],
  ])('with %i backends the test has one degree of freedom less', (backends, chi2) => {
    // Two counts that are `off` from the fair count make chi-squared 2 off² / fair.
    const fair = 1_000;
    const off = Math.sqrt((chi2 * fair) / 2);
    const counts = Array.from({ length: backends }, (_, index) => fair + (index === 0 ? off : index === 1 ? -off : 0));
    expect(skewOf(counts).chi2p).toBeCloseTo(0.05, 4);
  });

  test.each([
    [[10], 1, 1, 1],
    [[5, 5, 5, 5], 1, 1, 1],
    [[20, 0, 0, 0], 4, 1 / 4, null],
    [[10, 10, 0, 0], 2, 2 / 4, null],
    // 6² / (3 (1 + 4 + 9)).
    [[1, 2, 3], 1.5, 36 / 42, null],
  ])('%j has a Jain index', (counts, maxOverFair, jainIndex, chi2p) => {
    expect(skewOf(counts)).toEqual({ maxOverFair, jainIndex: expect.closeTo(jainIndex, 12) as number, chi2p: chi2p ?? (expect.any(Number) as number) });
  });
});

describe('fitsShares', () => {
  const strict = [2 / 3, 1 / 3, 0];
  test.each([
    ['counts exactly as in the model fit', [200, 100, 0], strict, true],
    ['one response from a backend with a share of 0 does not fit', [200, 99, 1], strict, false],
    // The standard deviation of 300 at 2/3 is √(300·2/9) = 8.165; four of them are 32.66.
    ['just below four standard deviations fits', [232, 68, 0], strict, true],
    ['just above four standard deviations does not fit', [233, 67, 0], strict, false],
    ['counts of another model do not fit', [150, 150, 0], strict, false],
    ['almost equal counts fit equal shares', [105, 95, 100], [1 / 3, 1 / 3, 1 / 3], true],
    ['all responses from one backend fit a share of 1', [300, 0, 0], [1, 0, 0], true],
    ['all responses but one do not fit a share of 1', [299, 1, 0], [1, 0, 0], false],
    ['no response at all does not fit', [0, 0, 0], strict, false],
  ])('%s', (_, counts, shares, fits) => {
    expect(fitsShares(counts, shares)).toBe(fits);
  });

  test('`sigmas` sets the number of standard deviations', () => {
    // 8 is below one standard deviation (8.165), and 9 is above it.
    expect([8, 9].map((off) => fitsShares([200 + off, 100 - off, 0], strict, 1))).toEqual([true, false]);
  });
});

test('sharesText shows counts and shares', () => {
  expect(sharesText([206, 94, 0])).toBe('206 · 94 · 0 (69 % · 31 % · 0 %)');
  expect(sharesText([7, 0, 0, 0, 0, 0, 1])).toBe('7 · 0 · 0 · 0 · 0 · 0 · 1 (1.1 each would be fair)');
  expect(sharesText([0, 0, 0])).toBe('0 · 0 · 0 (0 % · 0 % · 0 %)');
});

test('the chance of counts, by the shares of a model', () => {
  // 60, 25, 15 of 100 against 2/3, 1/6, 1/6: scipy.stats.chisquare.
  expect(chanceOfShares([60, 25, 15], [2 / 3, 1 / 6, 1 / 6])).toBeCloseTo(0.082085, 6);
  expect(chanceOfShares([50, 50, 0], [1 / 2, 1 / 2, 0])).toBe(1);
  // What cannot happen has happened.
  expect(chanceOfShares([50, 49, 1], [1 / 2, 1 / 2, 0])).toBe(0);
  expect(chanceOfShares([0, 0, 0], [1, 0, 0])).toBeNull();
});
