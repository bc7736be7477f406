/** `--reporter`: what a CI server gets of the runs, beside what the terminal shows. */
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { Journal } from '../run/journal.ts';
import { annotations, markdownSummary } from './github.ts';
import { junitReport } from './junit.ts';
import { checkResults } from './run-files.ts';

/** Takes the journals of all runs of a command, at its end. `file` is the scenario's own file, if it has one. */
export type Reporter = (journals: readonly Journal[], file?: string) => Promise<void>;

/**
 * Reads the words of `--reporter`: `junit:FILE`, or `github`. `print` gets the lines of GitHub's annotations.
 * @throws {LabError} BAD_INPUT for any other word, and for a file that cannot be written.
 */
export async function parseReporters(words: readonly string[], print: (line: string) => void): Promise<Reporter> {
  const reporters = await Promise.all(words.map((word) => parseReporter(word, print)));
  return async (journals, file) => { for (const report of reporters) await report(journals, file); };
}

async function parseReporter(word: string, print: (line: string) => void): Promise<Reporter> {
  const [, path] = /^junit:(.+)$/s.exec(word) ?? [];
  if (path !== undefined) {
    await checkResults(dirname(path));
    return async (journals) => { await writeReport(path, writeFile(path, junitReport(journals))); };
  }
  if (word !== 'github') throw new LabError('BAD_INPUT', `Unknown reporter \`${word}\`. Known: junit:FILE, github.`);
  return async (journals, file) => {
    for (const journal of journals) for (const line of annotations(journal, file)) print(line);
    // GitHub names the file of the summary. It is not set elsewhere.
    const summary = process.env['GITHUB_STEP_SUMMARY'];
    if (summary) await writeReport(summary, appendFile(summary, markdownSummary(journals)));
  };
}

async function writeReport(path: string, writing: Promise<void>): Promise<void> {
  await writing.catch((error: unknown) => { throw new LabError('BAD_OUTPUT', `The report could not be written to ${path}: ${messageOf(error)}`, { cause: error }); });
}
