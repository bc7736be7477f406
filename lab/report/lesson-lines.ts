/** A lesson on the terminal: the question, then what the run has decided, then the explanation. */
import { join, relative } from 'node:path';
import { plainOf } from '../lessons/inline.ts';
import { judgeLesson, judgeNumbers, whyUndecided, type JudgedBounds, type JudgedNumber, type JudgedOption } from '../lessons/judge.ts';
import { requestSentences } from '../lessons/request-sentences.ts';
import type { Block, Lesson } from '../lessons/lesson.ts';
import type { FinishedRun } from '../run/journal.ts';
import { labCommand, projectRoot } from '../vocabulary/project.ts';
import { pc } from '../vocabulary/terminal.ts';
import { wrappedInline } from './inline-text.ts';
import { lessonFile } from './read-lessons.ts';
import { findingLines } from './summary.ts';

const marks = { holds: pc.green('✔'), fails: pc.red('✘'), unknown: pc.yellow('?') };

/** The list of all lessons: number, title, and the scenario that decides. */
export function lessonListLines(lessons: readonly Lesson[]): string[] {
  const width = Math.max(...lessons.map(({ title }) => title.length));
  return [
    ...lessons.map(({ number, title, scenario }) => `  ${pc.bold(String(number).padStart(2))}  ${title.padEnd(width)}  ${pc.dim(scenario)}`),
    '',
    `  ${labCommand} lesson 3                  asks for your prediction, runs the scenario, and explains`,
    `  ${labCommand} lesson 3 --client curl    the same with another client`,
  ];
}

/** What a learner sees before the run. Nothing in it tells which option the run will be. */
export function questionLines({ question, options }: Lesson): string[] {
  return [...blockLines(question), '', ...options.flatMap(({ letter, text }) => hanging(`  ${pc.bold(`${letter})`)} `, text, 5)), ''];
}

/** What the run has decided. `predicted` is the letter of the learner's option, or null. */
export function outcomeLines(lesson: Lesson, { journal }: Pick<FinishedRun, 'journal'>, predicted: string | null): string[] {
  const undecided = whyUndecided(journal);
  if (undecided.length > 0) {
    return ['', pc.bold(`The verdict of this run is ${journal.verdict}, so it decides nothing.`), ...undecided.map((reason) => `  ${journal.verdict === 'fail' ? marks.fails : marks.unknown} ${reason}`)];
  }
  const { options, run } = judgeLesson(lesson, journal.findings);
  const without = journal.optionsNotApplied.length === 0 ? [] : [pc.dim(`  ${journal.client} cannot be given these options of the scenario: ${journal.optionsNotApplied.join(', ')}.`)];
  const own = options.find(({ option }) => option.letter === predicted);
  const measured = [...without, ...headed('What was measured', findingLines(journal).map(([name, value]) => `  ${pc.dim(name.padEnd(18))} ${value}`))];
  if (run === null) return ['', ...nothingHeld(options, predicted), ...headed('What happened', requestSentences(lesson, journal.findings).map((sentence) => `  ${sentence}`)), ...measured];
  return [
    '',
    ...hanging(pc.bold(`The run was ${run.letter}) `), run.text, 2),
    ...hanging('  ', run.idea, 2),
    ...boundLines(options.find(({ option }) => option === run)?.bounds ?? []),
    ...(own === undefined ? [] : own.option === run ? [pc.bold(`You predicted ${run.letter}) as well.`)] : wrongLines(own)),
    ...measured,
  ];
}

/** Why it is so, what to change, and where else it shows. */
export function explanationLines(lesson: Lesson, { journal }: Pick<FinishedRun, 'journal'>): string[] {
  const { lookFor, why, answer, change, whereElse } = lesson;
  const isOther = judgeLesson(lesson, journal.findings).run?.letter !== answer;
  return [
    ...headed('Look for', blockLines(lookFor, 2)),
    ...headed('Why', [...(isOther ? hanging('  ', `(This explains what our client node-fetch does: ${answer}.)`, 2) : []), ...blockLines(why, 2)]),
    ...headed('The numbers in this text, and where they are from', numberLines(judgeNumbers(lesson, journal.findings))),
    ...headed('Change one thing', [`  ${pc.cyan(change.command.replace(/^bin\/lab/, labCommand))}`, ...blockLines(change.text, 2)]),
    ...headed('Where else', blockLines(whereElse, 2)),
    '',
    pc.dim(`  ${relative('.', join(projectRoot, lessonFile(lesson)))} has notes for the teacher, too.`),
  ];
}

/** The branch for a learner whose run was none of the options, or several of them. */
function nothingHeld(options: readonly JudgedOption[], predicted: string | null): string[] {
  const several = options.filter(({ holds }) => holds).map(({ option: { letter } }) => `${letter})`);
  return [
    ...hanging('', pc.bold(several.length > 0 ? `The run was something else: ${several.join(' and ')} hold at the same time, so this lesson cannot tell them apart.` : 'The run was something else: none of the options.'), 2),
    ...options.filter(({ holds }) => !holds).flatMap((judged) => {
      const { letter } = judged.option;
      return [`  ${letter}) needs${letter === predicted ? ' (your prediction)' : ''}`, ...missingLines(judged)];
    }),
  ];
}

function wrongLines(judged: JudgedOption): string[] {
  const { letter, idea } = judged.option;
  return [
    pc.bold(`You predicted ${letter}).`),
    ...hanging('  The idea behind it: ', idea, 4),
    `  For ${letter}) the run would need:`,
    ...missingLines(judged),
  ];
}

/** The bounds of an option that the run does not keep. */
function missingLines({ bounds }: JudgedOption): string[] {
  return boundLines(bounds.filter(({ holds }) => !holds), 4);
}

function boundLines(bounds: readonly JudgedBounds[], indent = 2): string[] {
  return bounds.map(({ text, holds, seen }) => `${' '.repeat(indent)}${holds ? marks.holds : marks.fails} ${text} ${pc.dim(`· ${seen}`)}`);
}

function numberLines(numbers: readonly JudgedNumber[]): string[] {
  const width = Math.max(...numbers.map(({ text }) => text.length));
  return numbers.flatMap((number) => {
    const from = 'source' in number ? [`  ${plainOf(number.source)}`] : number.bounds.map(({ holds, seen }) => `${holds ? marks.holds : marks.fails} in this run ${seen}`);
    return from.map((line, index) => `  ${(index === 0 ? number.text : '').padEnd(width)}  ${pc.dim(line)}`);
  });
}

function headed(title: string, lines: readonly string[]): string[] {
  return ['', pc.bold(title), ...lines];
}

function blockLines(blocks: readonly Block[], indent = 0): string[] {
  const space = ' '.repeat(indent);
  return blocks.flatMap(({ text, isItem }, index) => [...(index > 0 && !(isItem && blocks[index - 1]?.isItem) ? [''] : []), ...hanging(isItem ? `${space}· ` : space, text, isItem ? indent + 2 : indent)]);
}

/** A text behind a label. Its further lines are indented by `indent` columns. */
function hanging(label: string, text: string, indent: number): string[] {
  return wrappedInline(text, Math.max(indent, visibleLength(label))).map((line, index) => `${index === 0 ? label : ' '.repeat(indent)}${line}`);
}

function visibleLength(text: string): number {
  return text.replace(/\u001b\[\d+m/g, '').length;
}
