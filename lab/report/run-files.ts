/** Writes the files of a run to results/<scenario>/<timestamp>/, and points the link results/latest there. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { FinishedRun } from '../run/journal.ts';

/**
 * Writes journal.json, events.ndjson and wire.pcapng. Returns the directory, relative to the working directory.
 * @throws {LabError} BAD_OUTPUT, with the verdict in the message, when a file cannot be written.
 */
export async function writeRunFiles(run: FinishedRun, results = 'results'): Promise<string> {
  try {
    return await write(run, results);
  } catch (error) {
    throw new LabError('BAD_OUTPUT', `The verdict was ${run.journal.verdict}, but its files could not be written to ${resolve(results)}: ${messageOf(error)}`, { cause: error });
  }
}

async function write({ journal, events, capture }: FinishedRun, results: string): Promise<string> {
  const stamp = journal.startedAt.replaceAll(':', '-');
  const directory = await makeFreshDirectory(join(results, journal.scenario), stamp);
  await Promise.all([
    writeFile(join(directory, 'journal.json'), `${JSON.stringify(journal, null, 2)}\n`),
    writeFile(join(directory, 'events.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join('')),
    ...(capture ? [writeFile(join(directory, 'wire.pcapng'), capture)] : []),
  ]);
  await replaceLink(resolve(results), resolve(directory));
  return relative('.', directory);
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
