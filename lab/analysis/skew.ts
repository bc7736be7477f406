/** Skew: how unevenly the requests were spread over the backends. */

/** Two measures of skew. */
export interface Skew {
  /** The largest share divided by the fair share: 1 if all shares are equal, 3 if one of three backends gets everything. Null without a response. */
  maxOverFair: number | null;
  /** Pearson's chi-squared test against equal shares: the probability of a spread at least this uneven, if the true shares are equal. */
  chi2p: number | null;
}

/**
 * Returns the skew of the responses of three backends. Three backends have two degrees of freedom, and then the survival function of
 * chi-squared is exactly e^(-x/2).
 * @throws {RangeError} for another number of backends.
 */
export function skewOf(counts: readonly number[]): Skew {
  if (counts.length !== 3) throw new RangeError(`Expected the counts of 3 backends, got ${counts.length}.`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return { maxOverFair: null, chi2p: null };
  const fair = total / counts.length;
  const chi2 = counts.reduce((sum, count) => sum + (count - fair) ** 2 / fair, 0);
  return { maxOverFair: Math.max(...counts) / fair, chi2p: Math.exp(-chi2 / 2) };
}

/**
 * Whether the counts fit the shares of a model. A backend with a share of 0 must have a count of 0. Every other count must be within
 * `sigmas` standard deviations of a binomial count. With four, about one run in 5,000 that follows the model fails by chance.
 */
export function fitsShares(counts: readonly number[], shares: readonly number[], sigmas = 4): boolean {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (
    total > 0 &&
    counts.every((count, index) => {
      const share = shares[index] ?? 0;
      return Math.abs(count - total * share) <= sigmas * Math.sqrt(total * share * (1 - share));
    })
  );
}

/** Returns the counts and their shares: `206 · 94 · 0 (69 % · 31 % · 0 %)`. */
export function sharesText(counts: readonly number[]): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return `${counts.join(' · ')} (${counts.map((count) => `${total > 0 ? Math.round((100 * count) / total) : 0} %`).join(' · ')})`;
}
