/** What the lessons claim about a run. The tests of the scenarios ask this of the runs that they make, so that no scenario runs once more for its lesson. */
import { checkExpectation, parseExpectation, type Expectation } from '../analysis/expectations.ts';
import { splitWords } from '../clients/split-words.ts';
import { ownClientNames } from '../clients/index.ts';
import { judgeBounds, judgeLesson, whyUndecided } from '../lessons/judge.ts';
import type { Lesson } from '../lessons/lesson.ts';
import { readLessons } from '../report/read-lessons.ts';
import type { FinishedRun } from '../run/journal.ts';

/** The clients that the tests run every scenario with, beside our own. */
export const testedClients = ['curl', 'go'] as const;

/** The command of a lesson, in parts. `others`: what it has beside scenario, client and bounds. */
export interface Change {
  scenario: string;
  client: string;
  expectations: Expectation[];
  others: string[];
}

const lessons = readLessons();

/** Reads `bin/lab run NAME --client C --expect BOUND`. */
export function changeOf({ change: { command } }: Lesson): Change {
  const [, verb = '', scenario = '', ...words] = splitWords(command);
  const valuesOf = (flag: string): string[] => words.filter((_, index) => words[index - 1] === flag);
  const [client = 'node-fetch'] = valuesOf('--client');
  const others = words.filter((word, index) => !['--client', '--expect'].some((flag) => word === flag || words[index - 1] === flag));
  return { scenario, client, expectations: valuesOf('--expect').map((bound) => parseExpectation(bound)), others: [...(verb === 'run' ? [] : [verb]), ...others] };
}

/** Returns each claim of a lesson about this run that the run does not keep. */
export function brokenClaims({ journal, events }: Pick<FinishedRun, 'journal' | 'events'>): string[] {
  if (whyUndecided(journal).length > 0) return [];
  const isOwn = (ownClientNames as readonly string[]).includes(journal.client);
  const broken = (bounds: readonly Expectation[], of: string): string[] => bounds.map((bound) => checkExpectation(bound, journal.findings, events)).filter(({ verdict }) => verdict !== 'pass').map(({ text, observed }) => `${of}, ${text}: ${observed}`);
  return lessons.flatMap((lesson) => {
    const ofChange = changeOf(lesson);
    const name = `lesson ${lesson.number}`;
    const changed = ofChange.scenario === journal.scenario && ofChange.client === journal.client && ofChange.others.length === 0 ? broken(ofChange.expectations, `${name}, change one thing`) : [];
    if (lesson.scenario !== journal.scenario) return changed;
    const { options, run } = judgeLesson(lesson, journal.findings);
    const held = options.filter(({ holds }) => holds).map(({ option: { letter } }) => letter);
    const numbers = lesson.numbers.flatMap((number) => ('holds' in number && (number.client ?? (isOwn ? journal.client : null)) === journal.client ? [number] : []));
    return [
      ...changed,
      // The options are different things, so no run may be two of them.
      ...(held.length > 1 ? [`${name}: ${held.join(' and ')} hold at the same time`] : []),
      ...(isOwn && run?.letter !== lesson.answer ? [`${name}: expected ${lesson.answer} alone to hold, seen ${held.join(', ') || 'none'}. ${options.flatMap(({ option: { letter }, bounds }) => bounds.filter(({ holds }) => !holds).map(({ text, seen }) => `${letter}) ${text}: ${seen}`)).join('; ')}`] : []),
      ...numbers.flatMap((number) => judgeBounds(number.holds, journal.findings).filter(({ holds }) => !holds).map(({ text, seen }) => `${name}, the number ${number.text}, ${text}: ${seen}`)),
    ];
  });
}
