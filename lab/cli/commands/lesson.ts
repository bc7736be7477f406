/** `lab lesson`: asks for a prediction, runs the scenario of a lesson, says which option the run was, and explains it. */
import { createInterface } from 'node:readline';
import { whyUndecided } from '../../lessons/judge.ts';
import type { Lesson } from '../../lessons/lesson.ts';
import { explanationLines, lessonListLines, outcomeLines, questionLines } from '../../report/lesson-lines.ts';
import { lessonNumbered, readLessons } from '../../report/read-lessons.ts';
import { settingLine } from '../../report/printed-run.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { paint, pc } from '../../vocabulary/terminal.ts';
import { interruptedStatus } from '../interrupt.ts';
import { headOf, tellRun } from '../tell-run.ts';
import { exitStatusOf, runOptions } from './run.ts';

export interface LessonFlags {
  driver: string;
  client: string;
  answer?: string;
  seed: string;
  results: string;
  verbose?: boolean;
}

/** The word for a run without a prediction. */
const noAnswer = 'none';

/** Exit status: 0 if the run decided, whatever the prediction was; else that of the run: 1 fail, 2 unknown, 3 could not run; 128 + the signal's number when interrupted. */
export async function lesson(number: string | undefined, flags: LessonFlags): Promise<number> {
  const write = (line: string): void => { process.stdout.write(`${line}\n`); };
  if (number === undefined) {
    for (const line of lessonListLines(readLessons())) write(line);
    return 0;
  }
  const shown = lessonNumbered(number);
  const given = flags.answer === undefined ? undefined : letterOf(flags.answer, shown);
  if (given === null) throw new LabError('BAD_INPUT', `Expected --answer to be ${choices(shown)}, or ${noAnswer}, got \`${flags.answer ?? ''}\`.`);
  // A wrong client or driver is refused before anybody is asked.
  const options = await runOptions(shown.scenario, { ...flags, set: [], expect: [], resolvConf: [] });

  write(`${pc.bold(`${shown.number} ${shown.title}`)} · ${shown.scenario}`);
  write(paint(settingLine(headOf(options))));
  write('');
  for (const line of questionLines(shown)) write(line);
  const predicted = given ?? (await ask(shown, options.signal));
  if (predicted === null) return interruptedStatus() ?? 3;
  if (given === undefined) write('');
  const { finished, directory } = await tellRun(options, flags);
  const isDecided = whyUndecided(finished.journal).length === 0;
  for (const line of outcomeLines(shown, finished, predicted)) write(line);
  if (isDecided) for (const line of explanationLines(shown, finished)) write(line);
  write(pc.dim(`  ${directory} has this run: timeline.html is its picture.`));
  return isDecided ? 0 : exitStatusOf(finished.journal);
}

/** Asks until there is a letter. Null if the command was interrupted. @throws {LabError} BAD_INPUT if the input ends before. */
async function ask(shown: Lesson, signal: AbortSignal): Promise<string | null> {
  const input = createInterface({ input: process.stdin });
  const close = (): void => { input.close(); };
  signal.addEventListener('abort', close);
  const prompt = (): boolean => process.stdout.write(pc.bold(`Your prediction (${choices(shown)}): `));
  try {
    prompt();
    for await (const line of input) {
      if (signal.aborted) break;
      const letter = letterOf(line, shown);
      // What is typed on a terminal stands there already.
      if (letter !== null) {
        if (!process.stdin.isTTY) process.stdout.write(`${letter}\n`);
        return letter;
      }
      process.stdout.write(`${process.stdin.isTTY ? '' : '\n'}Expected ${choices(shown)}, or ${noAnswer} to run without a prediction.\n`);
      prompt();
    }
  } finally {
    signal.removeEventListener('abort', close);
    input.close();
  }
  process.stdout.write('\n');
  if (signal.aborted) return null;
  throw new LabError('BAD_INPUT', `No prediction came from the input. Type a letter, or give it: --answer ${shown.options[0]?.letter ?? 'a'} (or --answer ${noAnswer}).`);
}

/** The letter that somebody means, `none`, or null. */
function letterOf(word: string, { options }: Lesson): string | null {
  const letter = word.trim().toLowerCase().replace(/\)$/, '');
  return letter === noAnswer || options.some((option) => option.letter === letter) ? letter : null;
}

function choices({ options }: Lesson): string {
  const letters = options.map(({ letter }) => letter);
  return `${letters.slice(0, -1).join(', ')} or ${letters.at(-1) ?? ''}`;
}
