/** `lab matrix`: runs every client that was found against every failure of the matrix, and shows what was measured. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { pc } from '../../vocabulary/terminal.ts';
import { failureGroups, failures } from '../../../scenarios/matrix/index.ts';
import { patienceMs, type Failure, type MeasuredRequest } from '../../../scenarios/matrix/failure.ts';
import { cellOf, lacking, type Reading } from '../../analysis/cells.ts';
import { lackOf } from '../../clients/trust.ts';
import { clientHost, findClients } from '../../clients/find-client.ts';
import { parseClient } from '../../clients/index.ts';
import type { Driver } from '../../network/drivers/driver.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { startNetwork } from '../../network/start-network.ts';
import { unlessAborted } from '../../vocabulary/limits.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { matrixDocument } from '../../report/matrix/document.ts';
import { matrixLines } from '../../report/matrix/lines.ts';
import { readMatrix, type Matrix } from '../../report/matrix/matrix.ts';
import { matrixPage } from '../../report/matrix/page.ts';
import { checkResults, writeRunFiles } from '../../report/run-files.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { shellWord } from '../../vocabulary/shell-word.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { chosenNames, wordsOf } from '../chosen-names.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';

export interface MatrixFlags {
  driver: string;
  clients: string;
  failures: string;
  repeat: string;
  jobs: string;
  from?: string;
  write?: string;
  results: string;
}

type Listing = Matrix['clients'][number];

/** Exit status: 0, or 2 if a run showed nothing. 129, 130 or 143 when interrupted. @throws {LabError} BAD_INPUT, BAD_OUTPUT */
export async function matrix(flags: MatrixFlags): Promise<number> {
  const { from, write } = flags;
  if (write !== undefined && !existsSync(dirname(resolve(write)))) throw new LabError('BAD_INPUT', `The page cannot be written to ${write}: there is no folder ${dirname(resolve(write))}.`);
  if (from !== undefined) return await show(readMatrix(from), dirname(from), write);
  const repeat = readValue(wholeNumber(1, 1_000), flags.repeat, '--repeat');
  const chosen = chosenNames(flags.failures, Object.keys(failures), 'failure');
  const driver = await chooseDriver(flags.driver);
  await checkResults(flags.results);
  const signal = interruptSignal();
  const listings = await clientsOf(flags.clients, driver, signal);
  const found = listings.filter(({ version }) => version !== null);
  const startedAt = new Date().toISOString();
  for (const { name, reason } of listings.filter(({ version }) => version === null)) console.log(pc.dim(`  ${name}: not found (${reason ?? ''})`));

  // Some failures take long with every client. All clients of one failure stand next to each other here, so the labs that run side by side share them.
  const runs = Array.from({ length: repeat }, (_, round) => chosen.flatMap((failure) => found.map((client) => ({ failure, client, round })))).flat();
  const readings = new Map<string, Reading[]>();
  const progress = startProgress(runs.length);
  const waiting = [...runs];
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined && !signal.aborted; run = waiting.shift()) {
      const { failure, client, round } = run;
      const reading = await read(driver, failure, client.name, String(round + 1), flags.results, signal);
      const key = `${failure} ${client.name}`;
      readings.set(key, [...(readings.get(key) ?? []), reading]);
      progress.step(`${client.name}, ${failure}`, reading);
    }
  };
  await Promise.all(Array.from({ length: Math.min(readValue(wholeNumber(1), flags.jobs, '--jobs'), runs.length) }, work));
  progress.end();
  const interrupted = interruptedStatus();
  if (interrupted !== null) return interrupted;

  const cells = found.flatMap(({ name, version }) => chosen.map((failure) => cellOf(name, version, failure, readings.get(`${failure} ${name}`) ?? [])));
  const finished: Matrix = {
    startedAt,
    command: commandText(flags),
    machine: await machineFacts(driver),
    repeat,
    patienceMs,
    clients: listings,
    groups: Object.entries(failureGroups)
      .map(([title, group]) => ({ title, failures: Object.entries<Failure>(group).filter(([name]) => chosen.includes(name)).map(([name, { title: over, measures, question, groupBy = 'time' }]) => ({ name, title: over, measures, question, groupBy })) }))
      .filter((group) => group.failures.length > 0),
    cells,
  };
  await writeOutput(join(flags.results, 'matrix.json'), `${JSON.stringify(finished, null, 2)}\n`);
  return await show(finished, flags.results, write);
}

/** Prints the tables, and writes the pages: matrix.html into the folder of matrix.json, and the Markdown page if one is asked for. */
async function show(matrix: Matrix, folder: string, write: string | undefined): Promise<number> {
  for (const line of matrixLines(matrix)) console.log(line);
  console.log('');
  if (write !== undefined) await writeOutput(write, matrixDocument(matrix));
  const timeline = (directory: string): string | null => (existsSync(join(folder, directory, 'timeline.html')) ? encodeURI(`${directory}/timeline.html`) : null);
  await writeOutput(join(folder, 'matrix.html'), matrixPage(matrix, { timeline, failure: () => null, top: '' }));
  return matrix.cells.some(({ unknown }) => unknown > 0) ? 2 : 0;
}

/** Writes a file, and says where it is. @throws {LabError} BAD_OUTPUT */
async function writeOutput(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new LabError('BAD_OUTPUT', `The matrix could not be written to ${file}: ${messageOf(error)}`, { cause: error });
  }
  console.log(pc.dim(`      ${file}`));
}

/** Makes one run, writes its files, and reads the measurements from it. */
async function read(driver: Driver, name: string, client: string, seed: string, results: string, signal: AbortSignal): Promise<Reading> {
  const failure = failures[name] as Failure;
  const lacks = cannot(client, failure);
  if (lacks !== null) return { outcome: lacks, delayMs: null, remark: null, directory: '', trouble: null };
  const finished = await runScenario({ name: `matrix-${name}`, command: `${labCommand} run ${name} --client ${shellWord(client)} --seed ${seed}`, scenario: failure.scenario, driver, client, clientOptions: {}, seed, signal });
  const directory = relative(resolve(results), resolve(await writeRunFiles(finished, results)));
  const { journal, events } = finished;
  if (journal.verdict !== 'pass') {
    const trouble = journal.error ?? [...journal.doubts, ...journal.checks.filter(({ verdict }) => verdict !== 'pass').map(({ text, observed }) => `${text}: ${observed}`)].join('; ');
    return { outcome: null, delayMs: null, remark: null, directory, trouble };
  }
  const data = finished.data as MeasuredRequest;
  const about = { findings: journal.findings, events, topology: createTopology(failure.scenario.topology), data };
  return { outcome: data.outcome, delayMs: failure.readMs(about), remark: failure.remark?.(about) ?? null, directory, trouble: null };
}

/** The text of a cell whose client cannot meet a failure of TLS or of HTTP/2. Null if it can, and for a command, of which nothing is known. */
function cannot(client: string, { scenario: { https, http2 } }: Failure): string | null {
  const parsed = parseClient(client);
  const lack = 'profile' in parsed && (https ?? http2) ? lackOf(parsed.profile, http2 === true) : null;
  return lack && lacking[lack];
}

/** Returns the clients that were asked for, or all of them. A client that is not on the client's host has no version. */
async function clientsOf(text: string, driver: Driver, signal: AbortSignal): Promise<Listing[]> {
  const asked = wordsOf(text).map((word) => parseClient(word).name);
  await using network = await startNetwork(driver, createTopology(), signal);
  const all = await unlessAborted(signal, () => findClients(clientHost(network), network.driver));
  if (asked.length === 0) return all;
  return asked.map((name) => all.find((listing) => listing.name === name) ?? { name, version: 'a command' });
}

function commandText({ clients, failures: chosen, repeat }: MatrixFlags): string {
  return ['make matrix', clients && `clients='${clients}'`, chosen && `failures='${chosen}'`, `repeat=${repeat}`].filter(Boolean).join(' ');
}

async function machineFacts(driver: Driver): Promise<Record<string, string>> {
  const os = /^PRETTY_NAME="?([^"\n]*)/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1];
  const { glibcVersionRuntime } = (process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }).header;
  return {
    machine: `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${os ?? 'unknown'}, kernel ${release()}${glibcVersionRuntime ? `, glibc ${glibcVersionRuntime}` : ''}`,
    'its load': `${loadavg().map((load) => load.toFixed(1)).join(', ')} in the last 1, 5 and 15 minutes, this command included`,
    lab: `${driver.name} driver, Node ${process.version.slice(1)}`,
  };
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
