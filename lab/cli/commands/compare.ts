/** `lab compare`: draws runs, and captures from elsewhere, on one axis, and lists the differences in their findings. */
import { existsSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { eventsAbout } from '../../analysis/captured.ts';
import { compareBody, type ComparedRun } from '../../picture/compare-body.ts';
import { pageHtml } from '../../picture/html.ts';
import { htmlText } from '../../picture/body.ts';
import { picturedCapture, type CaptureToShow } from '../../report/capture-page.ts';
import { alignedAt, alignments, captureWarnings, compareLines, linesOfPackets, linesOfRun, namesTried, otherDifferences, type Aligned, type Compared } from '../../report/compare-runs.ts';
import { pageParts } from '../../report/page-parts.ts';
import { picturedRun, type RunToShow } from '../../report/timeline-page.ts';
import { readForeignCapture } from '../../run/foreign-capture.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { oneOf, readValue } from '../../vocabulary/values.ts';
import { readClient } from './read.ts';
import { readRun } from './report.ts';

export interface CompareFlags {
  align?: string;
  client?: string;
  name?: string;
  results: string;
}

/** A run of the lab, or a capture from elsewhere. */
type Side = Aligned & ({ run: RunToShow; shown?: never } | { run?: never; shown: CaptureToShow });

/**
 * Compares the runs in folders, and captures in files. Exit status: 0.
 * @throws {LabError} BAD_INPUT for fewer than two, for a folder that has no run, for a file that is no capture, and for what cannot be aligned.
 */
export async function compare(paths: readonly string[], { align, client, name, results }: CompareFlags): Promise<number> {
  if (paths.length < 2) throw new LabError('BAD_INPUT', `Expected at least two runs or captures, got ${paths.length}.`);
  const asked = align === undefined ? undefined : readValue(oneOf(alignments), align, '--align');
  const sides: Side[] = [];
  for (const path of paths) sides.push(await readSide(path, readClient(client), name));
  const captures = sides.flatMap(({ shown }) => shown ?? []);
  if (captures.length === 0 && (client !== undefined || name !== undefined)) throw new LabError('BAD_INPUT', `\`--${client === undefined ? 'name' : 'client'}\` is about captures, and all of these are runs.`);
  const alignment = asked ?? (captures.length > 0 ? 'attempt' : 'request');
  const atMs = alignedAt(sides, alignment);
  const journals = sides.flatMap(({ run }) => run?.journal ?? []);
  const warnings = [...otherDifferences(journals), ...captures.flatMap(captureWarnings)];
  const { different, same } = compareLines(captures.length > 0 ? sides.map(({ events }) => linesOfPackets(events)) : journals.map(linesOfRun));
  const pictured = sides.map((side) => (side.run ? picturedRun(side.run) : picturedCapture(side.shown)));
  const names = distinct(pictured.map((each) => each.name));
  // With a capture, what is the same says as much as what differs: production waits as long as the lab.
  for (const line of tableLines(names, different, captures.length > 0 ? same : [])) console.log(line);
  for (const warning of warnings) console.log(pc.yellow(warning));

  const file = join(results, 'compare.html');
  const runs = sides.map(({ path, events, run }, index): ComparedRun => ({
    name: names[index] ?? '',
    href: run ? encodeURI(relative(dirname(resolve(file)), resolve(path, 'timeline.html'))) : null,
    about: run?.journal.about ?? null,
    plot: run?.journal.plot ?? null,
    command: run?.journal.command ?? null,
    events,
    topology: run?.topology ?? createTopology(),
    isVerbose: run === undefined,
  }));
  const page = { runs, warnings, different, same, alignment };
  const data = { runs: pictured.map((each, index) => ({ ...each, name: names[index] ?? '' })), shiftsMs: atMs.map((ms) => -ms) };
  try {
    await mkdir(results, { recursive: true });
    await writeFile(file, pageHtml({ title: htmlText(names.join(' beside ')), data, parts: pageParts('timeline'), body: (note) => compareBody(page, note) }));
  } catch (error) {
    throw error instanceof LabError ? error : new LabError('BAD_OUTPUT', `The page could not be written to ${file}: ${messageOf(error)}`, { cause: error });
  }
  console.log(pc.dim(`\n      ${file}`));
  return 0;
}

/** A folder has a run, a file is a capture. `name`: only what a capture has about this name counts. */
async function readSide(path: string, client: readonly string[], name: string | undefined): Promise<Side> {
  if (!existsSync(path)) throw new LabError('BAD_INPUT', `There is no \`${path}\`. Expected the folder of a run, such as results/latest, or a capture file.`);
  if (!statSync(path).isFile()) {
    const run = readRun(path);
    return { path, events: run.events, run };
  }
  const capture = await readForeignCapture(path, client);
  const shown = { file: basename(path), capture: name === undefined ? capture : { ...capture, events: eventsAbout(capture.events, name) } };
  if (shown.capture.events.length === 0) throw new LabError('BAD_INPUT', `${path} has nothing about \`${name ?? ''}\`. It has connections to: ${namesTried(capture.events).join(', ') || 'no name'}.`);
  return { path, events: shown.capture.events, shown };
}

/** Two runs of one scenario with one client are told apart by a letter. */
function distinct(names: readonly string[]): string[] {
  return names.map((name, index) => (names.filter((other) => other === name).length > 1 ? `${name} (${String.fromCharCode(65 + index)})` : name));
}

/** The findings that differ, and then others, a column for each run. */
function tableLines(names: readonly string[], different: readonly Compared[], others: readonly Compared[]): string[] {
  const shown = [...different, ...others];
  const same = different.length === 0 ? ['All findings are the same.'] : [];
  if (shown.length === 0) return same;
  const columns = names.map((name, index) => Math.max(name.length, ...shown.map(({ values }) => values[index]?.length ?? 1)));
  const widest = Math.max(...shown.map(({ name }) => name.length));
  const line = (first: string, cells: readonly string[]): string => `  ${first.padEnd(widest)}  ${cells.map((cell, index) => cell.padEnd(columns[index] ?? 0)).join('   ')}`.trimEnd();
  return [...same, pc.bold(line('', names)), ...shown.map(({ name, values }) => line(name, values.map((value) => value ?? '–')))];
}
