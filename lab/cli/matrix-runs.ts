/** The runs of the matrix: what has to be run, and one of them measured. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { relative, resolve } from 'node:path';
import * as v from 'valibot';
import { profiles } from '../../client/external/index.ts';
import type { Profile } from '../../client/external/profile.ts';
import { failureGroups, failures } from '../../scenarios/matrix/index.ts';
import type { Failure, MeasuredRequest } from '../../scenarios/matrix/failure.ts';
import { cellOf, lacking, noAnswerIn, type Cell, type Reading } from '../analysis/cells.ts';
import { clientHost, findClients } from '../clients/find-client.ts';
import { parseClient } from '../clients/index.ts';
import { lackOf } from '../clients/trust.ts';
import type { Driver } from '../network/drivers/driver.ts';
import { startNetwork } from '../network/start-network.ts';
import type { Matrix, MatrixClient, MatrixGroup } from '../report/matrix/matrix.ts';
import { writeRunFiles } from '../report/run-files.ts';
import { runScenario } from '../run/run-scenario.ts';
import type { Plan } from '../shards/plan.ts';
import { unlessAborted, usualPatienceMs } from '../vocabulary/limits.ts';
import { labCommand } from '../vocabulary/project.ts';
import { shellWord } from '../vocabulary/shell-word.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { readValue } from '../vocabulary/values.ts';
import { machineKind } from './machine-kind.ts';

/** One run of the matrix. */
export interface MatrixRun {
  failure: string;
  client: string;
  seed: number;
}

/** Every client against every failure, `repeat` times. All clients of one failure stand next to each other, so labs that run side by side do the same kind of work. */
export function matrixRuns(chosen: readonly string[], clients: readonly string[], repeat: number): MatrixRun[] {
  return Array.from({ length: repeat }, (_, round) => chosen.flatMap((failure) => clients.map((client) => ({ failure, client, seed: round + 1 })))).flat();
}

/** How the runs of a matrix are made. */
export interface MatrixSetting {
  driver: Driver;
  /** How long the lab waits for the measured request, in ms. */
  patienceMs: number;
  /** The folder of the results. */
  results: string;
  signal: AbortSignal;
}

/** Makes one run, writes its files, and reads the measurements from it. */
export async function readRun({ failure: name, client, seed }: MatrixRun, { driver, patienceMs, results, signal }: MatrixSetting): Promise<Reading> {
  const failure = failures[name] as Failure;
  const lacks = cannot(client, failure);
  if (lacks !== null) return { outcome: lacks, delayMs: null, remark: null, directory: '', trouble: null };
  const finished = await runScenario({ name: `matrix-${name}`, command: `${labCommand} run ${name} --client ${shellWord(client)} --seed ${seed}${patienceMs === usualPatienceMs ? '' : ` --patience ${patienceMs / 1_000}`}`, scenario: failure.scenario, driver, client, clientOptions: {}, seed: String(seed), patienceMs, signal });
  const directory = relative(resolve(results), resolve(await writeRunFiles(finished, results)));
  const { journal, events } = finished;
  if (journal.verdict !== 'pass') {
    const trouble = journal.error ?? [...journal.doubts, ...journal.checks.filter(({ verdict }) => verdict !== 'pass').map(({ text, observed }) => `${text}: ${observed}`)].join('; ');
    return { outcome: null, delayMs: null, remark: null, directory, trouble };
  }
  const data = finished.data as MeasuredRequest;
  const about = { findings: journal.findings, events, topology: createTopology(failure.scenario.topology), data };
  return { outcome: data.outcome === 'no answer' ? noAnswerIn(patienceMs) : data.outcome, delayMs: failure.readMs(about), remark: failure.remark?.(about) ?? null, directory, trouble: null };
}

/** The text of a cell whose client cannot meet a failure of TLS or of HTTP/2. Null if it can, and for a command, of which nothing is known. */
function cannot(client: string, { scenario: { https, http2 } }: Failure): string | null {
  const parsed = parseClient(client);
  const lack = 'profile' in parsed && (https ?? http2) ? lackOf(parsed.profile, http2 === true) : null;
  return lack && lacking[lack];
}

/** One cell for each client that was found and each failure. */
export function cellsOf(readings: readonly (MatrixRun & { reading: Reading })[], clients: readonly MatrixClient[], chosen: readonly string[]): Cell[] {
  const byCell = Map.groupBy(readings, ({ failure, client }) => `${failure} ${client}`);
  return clients.flatMap(({ name, version }) => (version === null ? [] : chosen.map((failure) => cellOf(name, version, failure, (byCell.get(`${failure} ${name}`) ?? []).map(({ reading }) => reading)))));
}

/** The groups of the chosen failures, as matrix.json has them. */
export function groupsOf(chosen: readonly string[]): MatrixGroup[] {
  return Object.entries(failureGroups)
    .map(([title, group]) => ({ title, failures: Object.entries<Failure>(group).filter(([name]) => chosen.includes(name)).map(([name, { title: over, measures, question, groupBy = 'time' }]) => ({ name, title: over, measures, question, groupBy })) }))
    .filter((group) => group.failures.length > 0);
}

/** Returns the clients that were asked for, or all of them. A client that is not on the client's host has no version. @throws {LabError} BAD_INPUT for an unknown name. */
export async function clientsOf(asked: readonly string[], driver: Driver, signal: AbortSignal): Promise<MatrixClient[]> {
  const names = asked.map((word) => parseClient(word).name);
  return await lookUp(names.length === 0 ? null : names, driver, signal);
}

/** Looks whether clients are on the client's host; null: all of this lab's table. A name that is not in the table, and is no command either, has no version. */
export async function lookUp(names: readonly string[] | null, driver: Driver, signal: AbortSignal): Promise<MatrixClient[]> {
  await using network = await startNetwork(driver, createTopology(), signal);
  const found = (await unlessAborted(signal, () => findClients(clientHost(network), network.driver, names?.map((name) => knownClient(name)?.base ?? name)))).map(({ name, version, reason }): MatrixClient => ({ name, version, ...(reason !== undefined && { reason }) }));
  return names === null ? found : names.map((name) => clientAmong(found, name));
}

/** The client that a name or a command means, and its name without the options behind it. Null if this lab does not know it. */
function knownClient(text: string): { name: string; base: string } | null {
  try {
    const client = parseClient(text);
    return { name: client.name, base: 'base' in client ? client.base : client.name };
  } catch {
    return null;
  }
}

/** A client among those of this lab's table, as they were found. With options behind its name, it has the version of the client without. One that is not in the table is a command. */
export function clientAmong(found: readonly MatrixClient[], name: string): MatrixClient {
  const client = knownClient(name);
  if (client === null) return { name, version: null, reason: 'this lab does not know it' };
  const listing = found.find((each) => each.name === client.base);
  return listing ? { ...listing, name: client.name } : { name: client.name, version: 'a command' };
}

/** The clients, and behind each one the same client with the time limits that a careful user sets, if it has any. */
export function withTimeouts<T extends { name: string }>(clients: readonly T[]): T[] {
  const known: Readonly<Record<string, Profile>> = profiles;
  return clients.flatMap((client) => {
    const timeouts = known[client.name]?.timeouts;
    return timeouts === undefined ? [client] : [client, { ...client, name: `${client.name}?${timeouts}` }];
  });
}

/** What a plan of the matrix has for all of its runs: its failures in the order of the columns, the runs of each cell, and how long the lab waits, in ms. */
const settingsKind = v.object({ failures: v.array(v.string()), repeat: v.number(), patienceMs: v.number() });
export type MatrixSettings = v.InferOutput<typeof settingsKind>;

/** The settings of a plan of the matrix. @throws {LabError} BAD_INPUT */
export function matrixSettings({ settings }: Plan): MatrixSettings {
  return readValue(settingsKind, settings, 'settings', 'the plan');
}

/** What the page says of the machine. */
export function machineFacts({ name }: Driver): Matrix['machine'] {
  const { system, kernel, libc, driver } = machineKind(name);
  return {
    machine: `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${system}, kernel ${kernel}, ${libc}`,
    'its load': `${loadavg().map((load) => load.toFixed(1)).join(', ')} in the last 1, 5 and 15 minutes, this command included`,
    lab: `${driver} driver, Node ${process.version.slice(1)}`,
  };
}
