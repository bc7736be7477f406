/** `lab cards`: the questions of the lessons, to print. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cardsPage } from '../../report/lesson-cards.ts';
import { readLessons } from '../../report/read-lessons.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';

/** Writes the page, and says where it is. @throws {LabError} BAD_OUTPUT if it cannot be written. */
export async function cards(file: string): Promise<void> {
  const lessons = readLessons();
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, cardsPage(lessons));
  } catch (error) {
    throw new LabError('BAD_OUTPUT', `The cards cannot be written to ${file}: ${messageOf(error)}`, { cause: error });
  }
  console.log(`${file}: ${lessons.length} cards. Open it in a browser and print it.`);
}
