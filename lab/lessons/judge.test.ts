/** The findings of a run decide which option it was, and nothing else does. */
import { describe, expect, test } from 'vitest';
import { findingsOf, type Findings } from '../analysis/findings.ts';
import { parseExpectation } from '../analysis/expectations.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { judgeLesson, judgeNumbers, trueTimes, whyUndecided } from './judge.ts';
import { judgeTimes } from './marks.ts';
import type { Lesson, Option } from './lesson.ts';
import { requestSentences } from './request-sentences.ts';

const bounds = (...texts: string[]) => texts.map((text) => parseExpectation(text));
const option = (letter: string, ...holds: string[]): Option => ({ letter, text: letter, idea: letter, holds: bounds(...holds) });
const lesson = { options: [option('a', 'fallbackDelayMs<100'), option('b', 'fallbackDelayMs>=100', 'fallbackDelayMs<950', 'requests.ok==1'), option('c', 'fallbackDelayMs==null')] } as Lesson;
const findings = (change: Partial<Findings>): Findings => ({ ...findingsOf([], createTopology()), ...change });
const ok = { sent: 1, ok: 1, failed: 0 };

describe('the option', () => {
  test.each<[string | null, Partial<Findings>]>([
    ['a', { fallbackDelayMs: 3, requests: ok }],
    ['b', { fallbackDelayMs: 250, requests: ok }],
    ['c', { fallbackDelayMs: null }],
    // One bound of b does not hold.
    [null, { fallbackDelayMs: 250 }],
    [null, { fallbackDelayMs: 950, requests: ok }],
  ])('is %s', (letter, change) => {
    expect(judgeLesson(lesson, findings(change)).run?.letter ?? null).toBe(letter);
  });

  test('is none if several hold', () => {
    const { options, run } = judgeLesson({ options: [option('a', 'requests.ok>=0'), option('b', 'requests.sent>=0'), option('c', 'requests.ok==1')] } as Lesson, findings({}));
    expect(options.map(({ holds }) => holds)).toEqual([true, true, false]);
    expect(run).toBeNull();
  });

  test('comes with what was seen, the bounds on one finding together', () => {
    expect(judgeLesson(lesson, findings({ fallbackDelayMs: 1_200, requests: ok })).options[1]?.bounds).toEqual([
      { text: 'fallbackDelayMs>=100, fallbackDelayMs<950', holds: false, seen: 'fallbackDelayMs is 1200 ms' },
      { text: 'requests.ok==1', holds: true, seen: 'requests.ok is 1' },
    ]);
    expect(judgeLesson(lesson, findings({})).options[0]?.bounds).toEqual([{ text: 'fallbackDelayMs<100', holds: false, seen: 'fallbackDelayMs is null (nothing to measure)' }]);
  });
});

test('a number of the text is held against the run; one of another client, or with a source, is not', () => {
  const numbers: Lesson['numbers'] = [{ text: '250 ms', holds: bounds('fallbackDelayMs>=200', 'fallbackDelayMs<950'), client: null }, { text: '300 ms', holds: bounds('fallbackDelayMs>=250'), client: 'go' }, { text: '50 ms', source: 'RFC 8305' }];
  expect(judgeNumbers({ numbers } as Lesson, findings({ fallbackDelayMs: 301 }))).toEqual([
    { text: '250 ms', bounds: [{ text: 'fallbackDelayMs>=200, fallbackDelayMs<950', holds: true, seen: 'fallbackDelayMs is 301 ms' }] },
    { text: '300 ms', source: 'measured with go' },
    { text: '50 ms', source: 'RFC 8305' },
  ]);
  expect(judgeNumbers({ numbers } as Lesson, findings({ fallbackDelayMs: 3 }))[0]).toMatchObject({ bounds: [{ holds: false }] });
});

test('a run decides only if it came to its end and passed', () => {
  const run = { status: 'completed', verdict: 'pass', error: null, doubts: [], checks: [] } as const;
  expect(whyUndecided(run)).toEqual([]);
  expect(whyUndecided({ ...run, verdict: 'fail', checks: [{ text: 'each was answered', verdict: 'fail', observed: '0 of 6' }] })).toEqual(['each was answered: 0 of 6']);
  expect(whyUndecided({ ...run, verdict: 'unknown', doubts: ['a frame was lost'], checks: [{ text: 'it was cut off', verdict: 'unknown', observed: 'never' }, { text: 'x', verdict: 'pass', observed: '' }] })).toEqual(['a frame was lost', 'it was cut off: never']);
  expect(whyUndecided({ ...run, status: 'interrupted', verdict: 'unknown', error: 'Interrupted by SIGINT.' })).toEqual(['Interrupted by SIGINT.', 'the run is interrupted']);
});

describe('marks', () => {
  const marks = { path: ['attempts', '0', 'synsMs'], withinMs: 400 };
  const run = findings({ attempts: [{ request: 1, dial: 1, address: '', family: 4, startMs: 0, endMs: null, outcome: 'open', synCount: 3, synsMs: [0, 1_020, 3_050], localPort: 1, requests: 0 }] });

  test('are near to a true time, or not; a mark belongs to one time', () => {
    expect(judgeTimes(trueTimes(marks, run) ?? [], marks.withinMs, [900, 2_000, 1_100])).toEqual({
      times: [{ trueMs: 1_020, markMs: 1_100, isNear: true }, { trueMs: 3_050, markMs: null, isNear: false }],
      tooMany: [900, 2_000],
    });
  });

  test('are not judged if the run has no such times', () => { expect(trueTimes(marks, findings({}))).toBeNull(); });
});

test('a run that was none of the options is told by its requests: those that the options name, or the first ones', () => {
  const request = { ms: 7.24, backend: null, status: null, error: 'ECONNREFUSED', lookups: 1, attempts: 1, sent: 0 };
  const attempt = { dial: 1, family: 4 as const, startMs: 0, endMs: 1, synCount: 1, synsMs: [0], localPort: 1, requests: 0 };
  const run = findings({ byRequest: [{ ...request, error: null, backend: 'backend-1', ms: 1_520 }, request, { ...request, ms: null, lookups: null }], attempts: [{ ...attempt, request: 2, address: '198.51.100.11', outcome: 'refused' }, { ...attempt, request: 2, address: '198.51.100.12', outcome: 'refused' }] });
  expect(requestSentences(lesson, run)).toEqual([
    '#1: 1 lookup, no attempt, it was answered by backend-1 after 1.52 s.',
    '#2: 1 lookup, 198.51.100.11 refused, 198.51.100.12 refused, its caller got ECONNREFUSED after 7.2 ms.',
    '#3: lookups not known, no attempt, it did not end.',
  ]);
  expect(requestSentences({ options: [option('a', 'byRequest.1.error==null')] } as Lesson, run)).toHaveLength(1);
});
