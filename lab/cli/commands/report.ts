/** `lab report`: makes timeline.html, and a picture if one is asked for, from the folder of a run. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scenarioNamed } from '../../../scenarios/index.ts';
import { runPicture, writePicture } from '../../report/picture-file.ts';
import { readRunFolder } from '../../report/read-run.ts';
import { timelinePage, type RunToShow } from '../../report/timeline-page.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';

/** Exit status: 0. @throws {LabError} BAD_INPUT for a folder that has no run, BAD_OUTPUT where the page cannot be written. */
export async function report(folder: string, { svg }: { svg?: string }): Promise<number> {
  const run = readRun(folder);
  const page = join(folder, 'timeline.html');
  await writeFile(page, timelinePage(run)).catch((error: unknown) => {
    throw new LabError('BAD_OUTPUT', `The page could not be written to ${page}: ${messageOf(error)}`, { cause: error });
  });
  console.log(page);
  if (svg === undefined) return 0;
  await writePicture(svg, runPicture(run));
  console.log(svg);
  return 0;
}

/** Reads a run; what its scenario asks comes from the table of scenarios where the run does not say it. @throws {LabError} BAD_INPUT */
export function readRun(folder: string): RunToShow {
  return readRunFolder(folder, (name) => scenarioNamed(name) ?? scenarioNamed(name.replace(/^matrix-/, '')) ?? null);
}
