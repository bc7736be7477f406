/** `lab matrix`: runs every client that was found against every failure of the matrix, and shows what was measured. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { failures } from '../../../scenarios/matrix/index.ts';
import type { Reading } from '../../analysis/cells.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { changeLines, changesOf } from '../../report/matrix/changes.ts';
import { matrixDocument } from '../../report/matrix/document.ts';
import { matrixLines } from '../../report/matrix/lines.ts';
import { matrixText, readMatrix, withoutReadings, type Matrix } from '../../report/matrix/matrix.ts';
import { matrixPage } from '../../report/matrix/page.ts';
import { checkResults } from '../../report/run-files.ts';
import { partsOf, runsOfShard } from '../../shards/plan.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { usualPatienceMs } from '../../vocabulary/limits.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { chosenNames, wordsOf } from '../chosen-names.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';
import { cellsOf, clientsOf, groupsOf, lookUp, machineFacts, matrixRuns, matrixSettings, readRun, withTimeouts, type MatrixRun } from '../matrix-runs.ts';
import { runShard, shardOf, type Shard, type ShardFlags } from '../run-shard.ts';
import { sideBySide, type Crowd } from '../side-by-side.ts';

export interface MatrixFlags extends ShardFlags {
  driver: string;
  clients: string;
  failures: string;
  repeat: string;
  jobs?: string;
  quick?: true;
  timeouts?: true;
  from?: string;
  against?: string;
  write?: string;
  results: string;
}

/** The options that say which runs a matrix has. */
export type MatrixChoice = 'clients' | 'failures' | 'repeat' | 'quick' | 'timeouts';

/**
 * How long a cell waits for the client or the kernel to decide, in ms. The kernel gives up a SYN after 131 to 140 s (tcp(7), tcp_syn_retries), and a
 * client with two silent addresses waits twice as long. curl ends a connect, aiohttp a request, and undici the wait for headers after 300 s (docs/clients.md).
 */
const fullPatienceMs = 330_000;

/** How long the lab waits for the measured request, in ms. */
export function patienceOf({ quick }: Pick<MatrixFlags, 'quick'>): number {
  return quick ? usualPatienceMs : fullPatienceMs;
}

/** Exit status: 0, or 2 if a run showed nothing. 129, 130 or 143 when interrupted. @throws {LabError} BAD_INPUT, BAD_OUTPUT */
export async function matrix(flags: MatrixFlags): Promise<number> {
  const { from, write, against } = flags;
  const shard = await shardOf('matrix', flags);
  if (shard !== null) return await matrixShard(shard, flags);
  if (write !== undefined && !existsSync(dirname(resolve(write)))) throw new LabError('BAD_INPUT', `The page cannot be written to ${write}: there is no folder ${dirname(resolve(write))}.`);
  const published = against ?? (write !== undefined && existsSync(publishedBeside(write)) ? publishedBeside(write) : undefined);
  // Before the runs, because a file that cannot be read is no reason to lose them.
  const before = published === undefined ? null : readMatrix(published);
  if (from !== undefined) return await show(readMatrix(from), before, dirname(from), write);
  const repeat = readValue(wholeNumber(1, 1_000), flags.repeat, '--repeat');
  const atMost = flags.jobs === undefined ? Infinity : readValue(wholeNumber(1), flags.jobs, '--jobs');
  const chosen = chosenNames(flags.failures, Object.keys(failures), 'failure');
  const driver = await chooseDriver(flags.driver);
  await checkResults(flags.results);
  const signal = interruptSignal();
  const asked = await clientsOf(wordsOf(flags.clients), driver, signal);
  const clients = flags.timeouts ? withTimeouts(asked) : asked;
  const startedAt = new Date().toISOString();
  for (const { name, reason } of clients.filter(({ version }) => version === null)) console.log(pc.dim(`  ${name}: not found (${reason ?? ''})`));

  const patienceMs = patienceOf(flags);
  const runs = matrixRuns(chosen, clients.flatMap(({ name, version }) => (version === null ? [] : [name])), repeat);
  const readings: (MatrixRun & { reading: Reading })[] = [];
  const progress = startProgress(runs.length);
  const crowd = await sideBySide(runs, { atMost, signal }, async (run) => {
    const reading = await readRun(run, { driver, patienceMs, results: flags.results, signal });
    readings.push({ ...run, reading });
    progress.step(`${run.client}, ${run.failure}`, reading);
  });
  progress.end();
  const interrupted = interruptedStatus();
  if (interrupted !== null) return interrupted;

  const finished: Matrix = {
    startedAt,
    command: commandText(flags),
    machine: { ...machineFacts(driver), [crowdFact]: crowdText(crowd) },
    repeat,
    patienceMs,
    clients,
    groups: groupsOf(chosen),
    cells: cellsOf(readings, clients, chosen),
  };
  return await keep(finished, before, flags.results, write);
}

/** Makes the runs of a shard. Exit status as `runShard`. */
async function matrixShard(shard: Shard, { driver: driverName, jobs }: MatrixFlags): Promise<number> {
  const driver = await chooseDriver(driverName);
  const signal = interruptSignal();
  const { patienceMs } = matrixSettings(shard.plan);
  const clients = await lookUp([...new Set(runsOfShard(shard.plan, shard.number).map(({ id }) => partsOf(id).client))], driver, signal);
  return await runShard(shard, {
    driver,
    facts: machineFacts(driver),
    clients,
    atMost: jobs === undefined ? Infinity : readValue(wholeNumber(1), jobs, '--jobs'),
    lacks: ({ client }) => {
      const { version = null, reason } = clients.find(({ name }) => name === client) ?? {};
      return version === null ? `${client} was not found: ${reason ?? ''}` : null;
    },
    make: async ({ name: failure, client, seed }) => {
      const startMs = performance.now();
      const reading = await readRun({ failure, client, seed: Number(seed) }, { driver, patienceMs, results: shard.folder, signal });
      return signal.aborted ? null : { durationMs: Math.round(performance.now() - startMs), result: reading };
    },
    // The load again: at the start it was that of whatever ran before.
    factsAtEnd: (crowd) => ({ ...machineFacts(driver), [crowdFact]: crowdText(crowd) }),
  });
}

/** Writes matrix.json, and shows the matrix as `show` does. */
export async function keep(matrix: Matrix, before: Matrix | null, folder: string, write: string | undefined): Promise<number> {
  await writeOutput(join(folder, 'matrix.json'), matrixText(matrix));
  return await show(matrix, before, folder, write);
}

/** Prints the tables, and writes the pages: matrix.html into the folder of matrix.json, and the Markdown page if one is asked for, with the numbers beside it. */
async function show(matrix: Matrix, before: Matrix | null, folder: string, write: string | undefined): Promise<number> {
  for (const line of matrixLines(matrix)) console.log(line);
  // The pages of a matrix may be written again, beside the numbers that it has published itself.
  const changes = before && before.startedAt !== matrix.startedAt ? { since: before.startedAt, list: changesOf(before, matrix) } : null;
  for (const line of changes === null ? [] : changeLines(changes)) console.log(line);
  console.log('');
  if (write !== undefined) {
    await writeOutput(write, matrixDocument(matrix, changes));
    await writeOutput(publishedBeside(write), `${JSON.stringify(withoutReadings(matrix))}\n`);
  }
  const timeline = (directory: string): string | null => (existsSync(join(folder, directory, 'timeline.html')) ? encodeURI(`${directory}/timeline.html`) : null);
  await writeOutput(join(folder, 'matrix.html'), matrixPage(matrix, { timeline, failure: () => null, top: '' }));
  return matrix.cells.some(({ unknown }) => unknown > 0) ? 2 : 0;
}

/** The numbers of a Markdown page, for the next matrix that is held against it: docs/matrix.json beside docs/matrix.md. */
function publishedBeside(page: string): string {
  return page.replace(/(\.\w+)?$/, '.json');
}

/** Writes a file, and says where it is. @throws {LabError} BAD_OUTPUT */
async function writeOutput(file: string, text: string | Iterable<string>): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new LabError('BAD_OUTPUT', `The matrix could not be written to ${file}: ${messageOf(error)}`, { cause: error });
  }
  console.log(pc.dim(`      ${file}`));
}

export function commandText({ clients, failures: chosen, repeat, quick, timeouts }: Pick<MatrixFlags, MatrixChoice>): string {
  return ['make matrix', clients && `clients='${clients}'`, chosen && `failures='${chosen}'`, `repeat=${repeat}`, quick && 'quick=1', timeouts && 'timeouts=1'].filter(Boolean).join(' ');
}

const crowdFact = 'labs at a time';

function crowdText({ mostAtOnce, meanLoad }: Crowd): string {
  return `up to ${mostAtOnce}, begun as the load allowed: ${meanLoad.toFixed(2)} tasks had a core or waited for one, on average`;
}

/** On a terminal, one line shows the progress. Elsewhere a line is printed after every 50 runs. A run that showed nothing is reported at once. */
function startProgress(total: number): { step(what: string, reading: Reading): void; end(): void } {
  const start = performance.now();
  let done = 0;
  const clear = (): void => { if (process.stdout.isTTY) process.stdout.write('\r\u001b[2K'); };
  return {
    step: (what, { trouble }) => {
      done++;
      clear();
      if (trouble !== null) console.log(`  ${pc.yellow('?')} ${what}: ${trouble}`);
      const line = `${done} of ${total} runs, ${((performance.now() - start) / 1000).toFixed(0)} s, ${what}`;
      if (process.stdout.isTTY) process.stdout.write(pc.dim(line));
      else if (done % 50 === 0 || done === total) console.log(line);
    },
    end: clear,
  };
}
