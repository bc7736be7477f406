/** The lessons of the workshop: what a page gets before a run, and what the run has decided. */
import { judgeLesson, judgeNumbers, trueTimes, whyUndecided } from '../lessons/judge.ts';
import { hostsOfLab } from '../picture/hosts-of.ts';
import { plainOf } from '../lessons/inline.ts';
import type { Lesson } from '../lessons/lesson.ts';
import { lessonNumbered, readLessons } from '../report/read-lessons.ts';
import { writeRunFiles } from '../report/run-files.ts';
import { findingLines } from '../report/summary.ts';
import { runName } from '../report/timeline-page.ts';
import type { FinishedRun } from '../run/journal.ts';
import { runScenario } from '../run/run-scenario.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { LessonOutcome, LessonState, ShownLesson, Verbs } from '../workshop/messages.ts';
import { runOptions } from './commands/run.ts';

/** Where and how a lesson is run. */
export interface LessonSetting {
  driver: string;
  seed: string;
  results: string;
}

/** Every lesson as a page gets it before its run. */
export function shownLessons(): ShownLesson[] {
  return readLessons().map(({ number, title, scenario, question, options, marks }) => ({
    number, title, scenario, question, options: options.map(({ letter, text }) => ({ letter, text })), marks: marks && { withinMs: marks.withinMs },
  }));
}

/** Returns the function that carries out the command `lesson` of a page. `tell` gets each state of the lesson. One runs at a time. */
export function lessonRunner(setting: LessonSetting, tell: (state: LessonState) => void): (args: Verbs['lesson']) => Promise<string> {
  let isRunning = false;
  return async ({ number, client, runs }) => {
    if (isRunning) throw new LabError('BAD_INPUT', 'A lesson is running. Wait for its end.');
    const lesson = lessonNumbered(String(number));
    const state: LessonState = { number, client, phase: 'asked', outcome: null, error: null };
    if (!runs) {
      tell(state);
      return `lesson ${number} is asked`;
    }
    isRunning = true;
    try {
      const options = await runOptions(lesson.scenario, { ...setting, client, set: [], expect: [], resolvConf: [] });
      tell({ ...state, phase: 'runs' });
      const finished = await runScenario(options);
      const outcome = outcomeOf(lesson, finished, await writeRunFiles(finished, setting.results));
      tell({ ...state, phase: 'done', outcome });
      return outcome.undecided.length > 0 ? 'the run decides nothing' : outcome.run === null ? 'the run was something else' : `the run was ${outcome.run})`;
    } catch (error) {
      tell({ ...state, phase: 'failed', error: messageOf(error) });
      throw error;
    } finally {
      isRunning = false;
    }
  };
}

function outcomeOf(lesson: Lesson, run: FinishedRun, directory: string): LessonOutcome {
  const { journal, events, topology } = run;
  const { findings } = journal;
  const { options, run: held } = judgeLesson(lesson, findings);
  return {
    undecided: whyUndecided(journal),
    run: held?.letter ?? null,
    answer: lesson.answer,
    options: options.map(({ option: { letter, idea }, holds, bounds }) => ({ letter, holds, idea, bounds })),
    lookFor: lesson.lookFor,
    why: lesson.why,
    numbers: judgeNumbers(lesson, findings).map((each) => ({ text: each.text, from: 'source' in each ? plainOf(each.source) : `in this run ${each.bounds.map(({ seen }) => seen).join(', ')}` })),
    change: lesson.change,
    whereElse: lesson.whereElse,
    findings: findings.requests.sent > 0 ? findingLines(journal).map(([name, value]) => [name, value]) : [],
    trueMs: lesson.marks && trueTimes(lesson.marks, findings),
    isTrueToTime: lesson.isTrueToTime,
    directory,
    picture: { name: runName(run), events: events.filter(({ witness }) => witness !== 'load'), findings, hosts: hostsOfLab(topology), startMs: 0 },
  };
}
