/** Writes a picture of a run as an SVG file, which slides, documents and forges can show. */
import { writeFile } from 'node:fs/promises';
import { pictureFile } from '../picture/draw/draw.ts';
import type { Theme } from '../picture/draw/palette.ts';
import { scaleOver, sectionOf } from '../picture/picture.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { picturedRun, type RunToShow } from './timeline-page.ts';

/** The text of the file. `both`: it has both themes, and its viewer chooses. The width is in pixels. */
export function runPicture(run: RunToShow, theme: Theme | 'both' = 'both', width = 1_180): string {
  const { journal } = run;
  const section = sectionOf(picturedRun(run));
  return pictureFile({ sections: [section], scale: scaleOver([section], 'warped'), title: journal.about.title === '' ? journal.scenario : journal.about.title, subtitle: `${journal.scenario} · ${journal.client} · seed ${journal.seed} · ${journal.verdict}`, plot: journal.plot, theme, width });
}

/** @throws {LabError} BAD_OUTPUT when the file cannot be written. */
export async function writePicture(file: string, picture: string): Promise<void> {
  await writeFile(file, picture).catch((error: unknown) => {
    throw new LabError('BAD_OUTPUT', `The picture could not be written to ${file}: ${messageOf(error)}`, { cause: error });
  });
}
