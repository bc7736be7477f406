/** The run decides: which option of a lesson it was, whether the numbers of the text hold for it, and how far marks are from the true times. */
import type { Check, Verdict } from '../analysis/checks.ts';
import { checkExpectation, look, type Expectation } from '../analysis/expectations.ts';
import type { Findings } from '../analysis/findings.ts';
import type { Lesson, Marks, Option } from './lesson.ts';

/** The bounds of an option, or of a number, on one finding: `fallbackDelayMs>=100, fallbackDelayMs<950`, and what the run has there. */
export interface JudgedBounds {
  text: string;
  holds: boolean;
  seen: string;
}

/** An option, and whether the run was this option. */
export interface JudgedOption {
  option: Option;
  holds: boolean;
  bounds: JudgedBounds[];
}

export interface Judgement {
  options: JudgedOption[];
  /** The option that the run was. Null if none holds, or several do: the learner got something else. */
  run: Option | null;
}

/** Judges each option of a lesson by the findings of a run. */
export function judgeLesson({ options }: Lesson, findings: Findings): Judgement {
  const judged = options.map((option) => {
    const bounds = judgeBounds(option.holds, findings);
    return { option, holds: bounds.every(({ holds }) => holds), bounds };
  });
  const [run, ...others] = judged.filter(({ holds }) => holds);
  return { options: judged, run: run && others.length === 0 ? run.option : null };
}

/** A number of the text, and what the run has in its place. */
export type JudgedNumber = { text: string } & ({ bounds: JudgedBounds[] } | { source: string });

/** Judges the numbers in the text of a lesson. The bounds are those of our own client, so for another client they show where it differs. */
export function judgeNumbers({ numbers }: Lesson, findings: Findings): JudgedNumber[] {
  return numbers.map((number) => {
    if ('source' in number) return number;
    return number.client === null ? { text: number.text, bounds: judgeBounds(number.holds, findings) } : { text: number.text, source: `measured with ${number.client}` };
  });
}

/** Judges bounds, those on one finding together. */
export function judgeBounds(bounds: readonly Expectation[], findings: Findings): JudgedBounds[] {
  return [...Map.groupBy(bounds, ({ path }) => path.join('.'))].map(([finding, each]) => {
    const { value, seen } = look(finding.split('.'), findings);
    const holds = each.every((bound) => checkExpectation(bound, findings, []).verdict === 'pass');
    // A field without a value is named in what was seen. Where null is what was asked for, it needs no reason.
    return { text: each.map(({ text }) => text).join(', '), holds, seen: value !== null ? `${finding} is ${seen}` : holds ? `${finding} is null` : seen };
  });
}

/**
 * Why a run decides nothing. Empty if it decides: it came to its end, and it passed. If a check of its scenario failed, the client did not meet what the
 * lesson is about, and the bounds of an option may hold by chance: a client that makes no request makes no lookup either.
 */
export function whyUndecided({ status, verdict, error, doubts, checks }: { status: string; verdict: Verdict; error: string | null; doubts: readonly string[]; checks: readonly Check[] }): string[] {
  if (status === 'completed' && verdict === 'pass') return [];
  return [...(error === null ? [] : [error]), ...doubts, ...checks.filter((each) => each.verdict !== 'pass').map(({ text, observed }) => `${text}: ${observed}`), ...(status === 'completed' ? [] : [`the run is ${status}`])];
}

/** The true times of the run that a learner could mark, in ms. The first one is where the times begin, so it is left out. Null if the run has none. */
export function trueTimes({ path }: Marks, findings: Findings): number[] | null {
  const { value: times } = look(path, findings);
  return Array.isArray(times) ? times.slice(1).map(Number) : null;
}
