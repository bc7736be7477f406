/** Writes the files of a run, or of a lab by hand, to results/<name>/<timestamp>/, and points the link results/latest there. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { FinishedRun } from '../run/journal.ts';

/** Makes the folder of the results, and tries to write in it: a run whose files cannot be written must not begin. @throws {LabError} BAD_INPUT */
export async function checkResults(results: string): Promise<void> {
  try {
    await makeFolder(resolve(results));
    await rm(await mkdtemp(join(results, '.try-')), { recursive: true });
  } catch (error) {
    throw new LabError('BAD_INPUT', `The results cannot be written to ${resolve(results)}: ${messageOf(error)}. Name another folder: --results DIR`, { cause: error });
  }
}

/** Looks before long work. @throws {LabError} BAD_INPUT if there is no folder for a picture. */
export function checkFolderOf(file: string): void {
  const folder = dirname(resolve(file));
  if (!existsSync(folder)) throw new LabError('BAD_INPUT', `The picture cannot be written to ${file}: there is no folder ${folder}.`);
}

/**
 * Writes journal.json, events.ndjson, wire.pcapng and timeline.html. Returns the directory, relative to the working directory.
 * @throws {LabError} BAD_OUTPUT, with the verdict in the message, when a file cannot be written.
 */
export async function writeRunFiles(run: FinishedRun, results = 'results'): Promise<string> {
  const { journal, events, capture } = run;
  const files = { 'journal.json': `${JSON.stringify(journal, null, 2)}\n`, 'events.ndjson': events.map((event) => `${JSON.stringify(event)}\n`).join(''), ...(capture && { 'wire.pcapng': capture }), ...(await page(run)) };
  return await writeFiles(journal.scenario, journal.startedAt, files, results, journal.scenario === 'by-hand' ? 'The files of the lab' : `The verdict was ${journal.verdict}, but its files`);
}

/** The name of a run's folder. */
export const runStamp = (startedAt: string): string => startedAt.replaceAll(':', '-');

/** What was measured must not be lost because its picture cannot be drawn. */
async function page(run: FinishedRun): Promise<Record<string, string>> {
  try {
    const { timelinePage } = await import('./timeline-page.ts');
    return { 'timeline.html': timelinePage({ ...run, hasCapture: run.capture !== null }) };
  } catch (error) {
    console.error(`lab: timeline.html was not written. ${messageOf(error)}`);
    return {};
  }
}

/** `what` begins the message of a failure. */
async function writeFiles(name: string, startedAt: string, files: Record<string, string | Buffer>, results: string, what: string): Promise<string> {
  try {
    const directory = await makeFreshDirectory(join(results, name), runStamp(startedAt));
    await Promise.all(Object.entries(files).map(([file, content]) => writeFile(join(directory, file), content)));
    await replaceLink(resolve(results), resolve(directory));
    return relative('.', directory);
  } catch (error) {
    throw new LabError('BAD_OUTPUT', `${what} could not be written to ${resolve(results)}: ${messageOf(error)}`, { cause: error });
  }
}

/** As `mkdir` with `recursive`, which never ends where the parent is there and refuses with ENOENT, as /proc does (Node 24). */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(dirname(folder))) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder);
  });
}

/** Two runs of one scenario may start in the same millisecond. */
async function makeFreshDirectory(parent: string, stamp: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (let suffix = 1; ; suffix++) {
    const directory = join(parent, suffix === 1 ? stamp : `${stamp}-${suffix}`);
    try {
      await mkdir(directory);
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Replaces the link by a rename, so the link exists at every moment. */
async function replaceLink(results: string, directory: string): Promise<void> {
  const link = join(results, 'latest');
  const temporary = `${link}.${process.pid}.${performance.now()}`;
  await symlink(relative(results, directory), temporary);
  await rename(temporary, link).catch(async (error: unknown) => {
    await rm(temporary, { force: true });
    throw error;
  });
}
