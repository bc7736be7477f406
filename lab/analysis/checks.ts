/** Checks: a sentence, what was seen, and whether they agree. */

export type Verdict = 'pass' | 'fail' | 'unknown';

export interface Check {
  text: string;
  verdict: Verdict;
  observed: string;
}

/** A check that holds or does not. `observed` says what was seen in either case. */
export function check(text: string, holds: boolean, observed: string | number): Check {
  return { text, verdict: holds ? 'pass' : 'fail', observed: String(observed) };
}

/** A measured time against what is expected of it, with the tolerance named. */
export function checkDelay(text: string, observedMs: number | null, expectedMs: number, tolerance: { earlyMs: number; lateMs: number }): Check {
  const holds = observedMs !== null && observedMs >= expectedMs - tolerance.earlyMs && observedMs <= expectedMs + tolerance.lateMs;
  return check(
    `${text}: ${expectedMs} ms (−${tolerance.earlyMs}/+${tolerance.lateMs})`,
    holds,
    observedMs === null ? 'not measured' : `${observedMs.toFixed(1)} ms`,
  );
}

/** fail beats unknown beats pass; no check at all is unknown, since nothing was shown. */
export function overallVerdict(checks: readonly Check[], doubts: readonly string[]): Verdict {
  if (doubts.length > 0 || checks.length === 0) return 'unknown';
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return checks.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'pass';
}
