/** Checks of a run, and the verdict that follows from them. */

export type Verdict = 'pass' | 'fail' | 'unknown';

/** A sentence about the run, whether it is true, and what was observed. */
export interface Check {
  text: string;
  verdict: Verdict;
  observed: string;
}

/** Returns a check that passes if `holds`, and fails otherwise. `observed` says what was seen in both cases. */
export function check(text: string, holds: boolean, observed: string | number): Check {
  return { text, verdict: holds ? 'pass' : 'fail', observed: String(observed) };
}

/**
 * Returns a check that can only be judged if the client did something first. If the client did not, `missing` says what, and the check is
 * unknown: a client may have limits and habits of its own. If `missing` is null, the check is judged.
 */
export function checkUnless(missing: string | null, judged: Check): Check {
  return missing === null ? judged : { ...judged, verdict: 'unknown', observed: missing };
}

/** Returns a check of a measured time against the expected one. Its text names the tolerance. It fails if nothing was measured (null). */
export function checkDelay(text: string, observedMs: number | null, expectedMs: number, tolerance: { earlyMs: number; lateMs: number }): Check {
  const holds = observedMs !== null && observedMs >= expectedMs - tolerance.earlyMs && observedMs <= expectedMs + tolerance.lateMs;
  return check(
    `${text}: ${expectedMs} ms (−${tolerance.earlyMs}/+${tolerance.lateMs})`,
    holds,
    observedMs === null ? 'not measured' : `${observedMs.toFixed(1)} ms`,
  );
}

/**
 * Returns the verdict of a run. With a doubt it is unknown. Without any check it is unknown too, because the run showed nothing. Otherwise
 * one failed check makes it fail, and one unknown check makes it unknown.
 */
export function overallVerdict(checks: readonly Check[], doubts: readonly string[]): Verdict {
  if (doubts.length > 0 || checks.length === 0) return 'unknown';
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return checks.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'pass';
}
