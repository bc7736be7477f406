/** The run decides: which option of a lesson it was, whether the numbers of the text hold for it, and how far marks are from the true times. */
import type { Check, Verdict } from '../analysis/checks.ts';
import { checkExpectation, look } from '../analysis/expectations.ts';
import type { Findings } from '../analysis/findings.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Lesson, Marks, Option } from './lesson.ts';
import { judgeTimes, type JudgedMarks } from './marks.ts';

/** An option, whether the run was this option, and what was seen for each of its bounds. */
export interface JudgedOption {
  option: Option;
  holds: boolean;
  checks: Check[];
}

export interface Judgement {
  options: JudgedOption[];
  /** The option that the run was. Null if none holds, or several do: the learner got something else. */
  run: Option | null;
}

/** Judges each option of a lesson by the findings of a run. With the events, a bound that does not hold names the requests behind its value. */
export function judgeLesson({ options }: Lesson, findings: Findings, events: readonly TimelineEvent[] = []): Judgement {
  const judged = options.map((option) => {
    const checks = option.holds.map((bound) => ({ ...checkExpectation(bound, findings, events), text: bound.text }));
    return { option, holds: checks.every(({ verdict }) => verdict === 'pass'), checks };
  });
  const [run, ...others] = judged.filter(({ holds }) => holds);
  return { options: judged, run: run && others.length === 0 ? run.option : null };
}

/** A number of the text, and what the run has in its place. */
export type JudgedNumber = { text: string } & ({ holds: boolean; observed: string } | { source: string });

/** Judges the numbers in the text of a lesson. The bounds are those of our own client, so for another client they show where it differs. */
export function judgeNumbers({ numbers }: Lesson, findings: Findings): JudgedNumber[] {
  return numbers.map((number) => {
    if ('source' in number) return number;
    if (number.client !== null) return { text: number.text, source: `measured with ${number.client}` };
    const holds = number.holds.every((bound) => checkExpectation(bound, findings, []).verdict === 'pass');
    const seen = number.holds.map(({ path }) => ({ name: path.join('.'), ...look(path, findings) }));
    // Two bounds of one finding have seen the same. A field without a value is named in what was seen.
    return { text: number.text, holds, observed: [...new Set(seen.map((each) => (each.value === null ? each.seen : `${each.name} ${each.seen}`)))].join(', ') };
  });
}

/** Why a run decides nothing. Empty if it decides: it came to its end, and its verdict is known. */
export function whyUndecided({ status, verdict, error, doubts, checks }: { status: string; verdict: Verdict; error: string | null; doubts: readonly string[]; checks: readonly Check[] }): string[] {
  if (status === 'completed' && verdict !== 'unknown') return [];
  return [...(error === null ? [] : [error]), ...doubts, ...checks.filter((each) => each.verdict === 'unknown').map(({ text, observed }) => `${text}: ${observed}`), ...(status === 'completed' ? [] : [`the run is ${status}`])];
}

/** The true times of the run that a learner could mark, in ms. The first one is where the times begin, so it is left out. Null if the run has none. */
export function trueTimes({ path }: Marks, findings: Findings): number[] | null {
  const { value: times } = look(path, findings);
  return Array.isArray(times) ? times.slice(1).map(Number) : null;
}

/** Holds the marks of a learner against the true times of a run. Null if the run has none. */
export function judgeMarks(marks: Marks, findings: Findings, marksMs: readonly number[]): JudgedMarks | null {
  const times = trueTimes(marks, findings);
  return times && judgeTimes(times, marks.withinMs, marksMs);
}
