import { describe, expect, test } from 'vitest';
import { check, checkDelay, overallVerdict, type Check, type Verdict } from './checks.ts';

test('a check says what was observed, whether it passes or fails', () => {
  expect([check('one', true, 1), check('two', false, 'three')]).toEqual([
    { text: 'one', verdict: 'pass', observed: '1' },
    { text: 'two', verdict: 'fail', observed: 'three' },
  ]);
});

describe('the check of a delay', () => {
  test.each([
    [244.9, 'fail'],
    [245, 'pass'],
    [330, 'pass'],
    [330.1, 'fail'],
    [null, 'fail'],
  ] satisfies [number | null, Verdict][])('%s ms for 250 −5/+80 is a %s', (observedMs, verdict) => {
    expect(checkDelay('fallback', observedMs, 250, { earlyMs: 5, lateMs: 80 })).toEqual({
      text: 'fallback: 250 ms (−5/+80)',
      verdict,
      observed: observedMs === null ? 'not measured' : `${observedMs.toFixed(1)} ms`,
    });
  });
});

describe('the verdict', () => {
  const of = (...verdicts: Verdict[]): Check[] => verdicts.map((verdict) => ({ text: '', verdict, observed: '' }));
  test.each([
    [of('pass', 'pass'), [], 'pass'],
    [of('pass', 'fail'), [], 'fail'],
    [of('pass', 'unknown'), [], 'unknown'],
    [of('unknown', 'fail'), [], 'fail'],
    [of(), [], 'unknown'],
    [of('pass'), ['no effect'], 'unknown'],
    [of('fail'), ['no effect'], 'unknown'],
  ] satisfies [Check[], string[], Verdict][])('%j with doubts %j: %s', (checks, doubts, verdict) => {
    expect(overallVerdict(checks, doubts)).toBe(verdict);
  });
});
