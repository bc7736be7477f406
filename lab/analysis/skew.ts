/** How unevenly requests fell on the backends. */

export interface Skew {
  /** The largest share over the fair one: 1 is even, 3 is everything on one of three. Null without a response. */
  maxOverFair: number | null;
  /** Pearson's chi-squared test against equal shares: the chance of so much unevenness, were the shares equal. */
  chi2p: number | null;
}

/** Three backends make two degrees of freedom, for which the chi-squared survival function is e^(-x/2) exactly. */
export function skewOf(counts: readonly number[]): Skew {
  if (counts.length !== 3) throw new RangeError(`Expected the counts of 3 backends, got ${counts.length}.`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return { maxOverFair: null, chi2p: null };
  const fair = total / counts.length;
  const chi2 = counts.reduce((sum, count) => sum + (count - fair) ** 2 / fair, 0);
  return { maxOverFair: Math.max(...counts) / fair, chi2p: Math.exp(-chi2 / 2) };
}

/**
 * Whether counts look like the shares of a model: no count where the model has none, and every other one within
 * `sigmas` standard deviations of a binomial count (four: one honest run in some 5,000 would miss by chance).
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

/** `206 · 94 · 0 (69 % · 31 % · 0 %)` */
export function sharesText(counts: readonly number[]): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return `${counts.join(' · ')} (${counts.map((count) => `${total > 0 ? Math.round((100 * count) / total) : 0} %`).join(' · ')})`;
}
