/** Skew: how unevenly the requests were spread over the backends. */
import { chiSquaredAtLeast } from './chi-squared.ts';

/** Measures of skew. Each is null without a response. */
export interface Skew {
  /** The largest share divided by the fair share: 1 if all shares are equal, 3 if one of three backends gets everything. */
  maxOverFair: number | null;
  /**
   * Jain's index of fairness: 1 if all shares are equal, 1/n if one of n backends gets everything. If k backends share everything equally, it
   * is k/n (Jain, Chiu and Hawe, DEC-TR-301, 1984).
   */
  jainIndex: number | null;
  /** Pearson's chi-squared test against equal shares: the probability of a spread at least this uneven, if the true shares are equal. */
  chi2p: number | null;
}

/** Returns the skew of the responses of some backends, one count for each. The test has one degree of freedom less than there are backends. */
export function skewOf(counts: readonly number[]): Skew {
  const total = sumOf(counts);
  if (total === 0) return { maxOverFair: null, jainIndex: null, chi2p: null };
  const fair = total / counts.length;
  return {
    maxOverFair: Math.max(...counts) / fair,
    jainIndex: total ** 2 / (counts.length * sumOf(counts.map((count) => count ** 2))),
    chi2p: chiSquaredAtLeast(sumOf(counts.map((count) => (count - fair) ** 2 / fair)), counts.length - 1),
  };
}

/**
 * Whether the counts fit the shares of a model. A backend with a share of 0 must have a count of 0. Every other count must be within
 * `sigmas` standard deviations of a binomial count. With four, about one run in 5,000 that follows the model fails by chance.
 */
export function fitsShares(counts: readonly number[], shares: readonly number[], sigmas = 4): boolean {
  const total = sumOf(counts);
  return (
    total > 0 &&
    counts.every((count, index) => {
      const share = shares[index] ?? 0;
      return Math.abs(count - total * share) <= sigmas * Math.sqrt(total * share * (1 - share));
    })
  );
}

/**
 * Pearson's chi-squared test against the shares of a model: the probability of counts at least this far from them, if the model is right. A backend
 * with a share of 0 must have a count of 0. Null without a count.
 */
export function chanceOfShares(counts: readonly number[], shares: readonly number[]): number | null {
  const total = sumOf(counts);
  if (total === 0) return null;
  const cells = counts.map((count, index) => ({ count, expected: total * (shares[index] ?? 0) }));
  if (cells.some(({ count, expected }) => expected === 0 && count > 0)) return 0;
  const possible = cells.filter(({ expected }) => expected > 0);
  return chiSquaredAtLeast(sumOf(possible.map(({ count, expected }) => (count - expected) ** 2 / expected)), possible.length - 1);
}

/** A line with the shares of more backends would be too long for a terminal. */
const mostShares = 6;

/** Returns the counts and their shares: `206 · 94 · 0 (69 % · 31 % · 0 %)`. Of many backends the counts alone, with the fair count: `14 · 29 · … (25 each would be fair)`. */
export function sharesText(counts: readonly number[]): string {
  const total = sumOf(counts);
  if (counts.length > mostShares) return `${counts.join(' · ')} (${(total / counts.length).toFixed(1).replace('.0', '')} each would be fair)`;
  return `${counts.join(' · ')} (${counts.map((count) => `${total > 0 ? Math.round((100 * count) / total) : 0} %`).join(' · ')})`;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
