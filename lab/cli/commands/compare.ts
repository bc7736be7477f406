/** `lab compare`: draws runs on one axis, and lists the differences in their findings. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { compareBody } from '../../picture/compare-body.ts';
import { pageHtml } from '../../picture/html.ts';
import { htmlText } from '../../picture/body.ts';
import { alignedAt, alignments, compareFindings, otherDifferences, type Compared } from '../../report/compare-runs.ts';
import { pageParts, picturedRun, runName, shownRun } from '../../report/timeline-page.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { oneOf, readValue } from '../../vocabulary/values.ts';
import { readRun } from './report.ts';

/** Exit status: 0. @throws {LabError} BAD_INPUT for fewer than two runs, for a folder that has no run, and for runs that cannot be aligned. */
export async function compare(folders: readonly string[], { align, results }: { align: string; results: string }): Promise<number> {
  if (folders.length < 2) throw new LabError('BAD_INPUT', `Expected the folders of at least two runs, got ${folders.length}.`);
  const alignment = readValue(oneOf(alignments), align, '--align');
  const runs = folders.map(readRun);
  const atMs = alignedAt(runs, folders, alignment);
  const journals = runs.map(({ journal }) => journal);
  const warnings = otherDifferences(journals);
  const { different, same } = compareFindings(journals);
  const names = distinct(runs.map(runName));
  for (const line of tableLines(names, different)) console.log(line);
  for (const warning of warnings) console.log(pc.yellow(warning));

  const file = join(results, 'compare.html');
  const page = {
    runs: runs.map((run, index) => ({ name: names[index] ?? '', href: encodeURI(relative(dirname(resolve(file)), resolve(folders[index] ?? '', 'timeline.html'))), run: shownRun(run) })),
    warnings, different, same, alignment,
  };
  const data = { runs: runs.map((run, index) => ({ ...picturedRun(run), name: names[index] ?? '' })), shiftsMs: atMs.map((ms) => -ms) };
  try {
    await mkdir(results, { recursive: true });
    await writeFile(file, pageHtml({ title: htmlText(names.join(' beside ')), data, parts: pageParts(), body: (note) => compareBody(page, note) }));
  } catch (error) {
    throw error instanceof LabError ? error : new LabError('BAD_OUTPUT', `The page could not be written to ${file}: ${messageOf(error)}`, { cause: error });
  }
  console.log(pc.dim(`\n      ${file}`));
  return 0;
}

/** Two runs of one scenario with one client are told apart by a letter. */
function distinct(names: readonly string[]): string[] {
  return names.map((name, index) => (names.filter((other) => other === name).length > 1 ? `${name} (${String.fromCharCode(65 + index)})` : name));
}

/** The findings that differ, a column for each run. */
function tableLines(names: readonly string[], different: readonly Compared[]): string[] {
  if (different.length === 0) return ['All findings are the same.'];
  const columns = names.map((name, index) => Math.max(name.length, ...different.map(({ values }) => values[index]?.length ?? 1)));
  const widest = Math.max(...different.map(({ name }) => name.length));
  const line = (first: string, cells: readonly string[]): string => `  ${first.padEnd(widest)}  ${cells.map((cell, index) => cell.padEnd(columns[index] ?? 0)).join('   ')}`.trimEnd();
  return [pc.bold(line('', names)), ...different.map(({ name, values }) => line(name, values.map((value) => value ?? '–')))];
}
