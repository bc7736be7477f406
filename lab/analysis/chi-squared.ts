/** The chi-squared distribution. */

/**
 * Returns the probability that a chi-squared variable with `degrees` degrees of freedom is `x` or more. Without a degree of freedom the
 * variable is always 0.
 *
 * Q(a, x/2) with a = degrees / 2, the regularized incomplete gamma function, by the recurrence Q(a + 1, y) = Q(a, y) + y^a e^-y / Γ(a + 1)
 * (DLMF 8.8.6) from Q(1/2, y) = erfc(√y) or Q(1, y) = e^-y (DLMF 8.4.6, 8.4.5). All its terms are positive, so no digits are lost.
 */
export function chiSquaredAtLeast(x: number, degrees: number): number {
  if (x <= 0 || degrees === 0) return x <= 0 ? 1 : 0;
  const y = x / 2;
  const isOdd = degrees % 2 === 1;
  let a = isOdd ? 1 / 2 : 1;
  let probability = isOdd ? erfcOfRoot(y) : Math.exp(-y);
  // y^a e^-y / Γ(a + 1). Γ(3/2) is √π / 2, and Γ(2) is 1. With very many degrees the first terms are too small for a double, so this is their logarithm.
  let logTerm = isOdd ? Math.log(2 * Math.sqrt(y / Math.PI)) - y : Math.log(y) - y;
  for (; a < degrees / 2; a++) {
    probability += Math.exp(logTerm);
    logTerm += Math.log(y / (a + 1));
  }
  return Math.min(probability, 1);
}

/** Below it the series is used, and from it on the continued fraction, which then needs fewer than 100 steps. */
const seriesLimit = 2;

/** Returns erfc(√y): by the series of erf (DLMF 7.6.2), or by the continued fraction of Γ(1/2, y) (DLMF 8.9.2), from its end to its beginning. */
function erfcOfRoot(y: number): number {
  if (y < seriesLimit) {
    let term = 2 * Math.sqrt(y / Math.PI) * Math.exp(-y);
    let sum = 0;
    for (let n = 0; term > 1e-17; n++) {
      sum += term;
      term *= y / (n + 3 / 2);
    }
    return 1 - sum;
  }
  let fraction = 0;
  for (let n = 100; n >= 1; n--) fraction = (n * (n - 1 / 2)) / (y + 2 * n + 1 / 2 - fraction);
  return (Math.sqrt(y / Math.PI) * Math.exp(-y)) / (y + 1 / 2 - fraction);
}
