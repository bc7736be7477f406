/** Reads the lessons from docs/lessons/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lesson } from '../lessons/lesson.ts';
import { parseLesson } from '../lessons/parse.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { projectRoot } from '../vocabulary/project.ts';

const folder = 'docs/lessons';

/** The path of a lesson's file in the project. */
export function lessonFile({ name }: Pick<Lesson, 'name'>): string {
  return `${folder}/${name}.md`;
}

/** Returns every lesson, in the order of their numbers. @throws {LabError} BAD_INPUT where a file is no lesson, or where there is no folder of lessons. */
export function readLessons(): Lesson[] {
  return lessonNames().map((name) => parseLesson(readFileSync(join(projectRoot, lessonFile({ name })), 'utf8'), lessonFile({ name })));
}

/** Returns the lesson with this number: `3` or `03`. @throws {LabError} BAD_INPUT if there is none. */
export function lessonNumbered(word: string): Lesson {
  const names = lessonNames();
  const name = /^\d+$/.test(word) ? names.find((each) => Number(each.slice(0, 2)) === Number(word)) : undefined;
  if (name === undefined) throw new LabError('BAD_INPUT', `Expected the number of a lesson, 1 to ${Number(names.at(-1)?.slice(0, 2) ?? 0)}, got \`${word}\`. \`lab lesson\` lists the lessons.`);
  return parseLesson(readFileSync(join(projectRoot, lessonFile({ name })), 'utf8'), lessonFile({ name }));
}

function lessonNames(): string[] {
  let files;
  try {
    files = readdirSync(join(projectRoot, folder));
  } catch (error) {
    throw new LabError('BAD_INPUT', `The lessons are not there: ${messageOf(error)}.`, { cause: error });
  }
  return files.filter((file) => /^\d\d-.*\.md$/.test(file)).map((file) => file.replace(/\.md$/, '')).sort();
}
