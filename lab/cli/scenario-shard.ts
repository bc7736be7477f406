/** A shard of `lab run-all` or of `lab soak`: runs of scenarios. The result of a run holds its verdict and its complaints. */
import { relative, resolve } from 'node:path';
import * as v from 'valibot';
import { isOwn, parseClient } from '../clients/index.ts';
import type { Driver } from '../network/drivers/driver.ts';
import { chooseDriver } from '../network/drivers/index.ts';
import { ranOf, type Ran } from '../report/ran.ts';
import { writeRunFiles } from '../report/run-files.ts';
import { missingPart } from '../run/missing-part.ts';
import { runScenario } from '../run/run-scenario.ts';
import type { Plan, PlannedClient } from '../shards/plan.ts';
import { readValue, wholeNumber } from '../vocabulary/values.ts';
import { runOptions, type RunFlags } from './commands/run.ts';
import { interruptSignal } from './interrupt.ts';
import { lookUp } from './matrix-runs.ts';
import { runShard, type Shard } from './run-shard.ts';

/** The options of `lab run-all` and `lab soak` that a plan has for all of its runs. */
const runKind = v.object({
  client: v.string(),
  clientImage: v.exactOptional(v.string()),
  set: v.array(v.string()),
  expect: v.array(v.string()),
  resolvConf: v.array(v.string()),
  resolver: v.exactOptional(v.string()),
  serveStale: v.exactOptional(v.boolean()),
});
const settingsKind = v.object({
  /** How often `lab soak` runs each scenario. 1 for `lab run-all`. */
  repeat: v.number(),
  run: runKind,
});
export type ScenarioSettings = v.InferOutput<typeof settingsKind>;

/** What a run showed, in the line of its result. */
export const ranKind: v.GenericSchema<unknown, Ran> = v.object({ word: v.string(), verdict: v.picklist(['pass', 'fail', 'unknown']), complaints: v.array(v.string()), durationMs: v.number(), directory: v.string() });

/** The settings of a plan of `lab run-all` or `lab soak`. @throws {LabError} BAD_INPUT */
export function scenarioSettings({ settings }: Plan): ScenarioSettings {
  return readValue(settingsKind, settings, 'settings', 'the plan');
}

/** What a plan keeps of the flags of a command line. */
export function plannedRunFlags(flags: RunFlags): ScenarioSettings['run'] {
  return v.parse(runKind, flags);
}

/** Makes the runs of a shard. Exit status as `runShard`. */
export async function runScenarioShard(shard: Shard, { driver: driverName, jobs: jobsWord }: { driver: string; jobs: string }, { keepsAllFiles }: { keepsAllFiles: boolean }): Promise<number> {
  const jobs = readValue(wholeNumber(1), jobsWord, '--jobs');
  const driver = await chooseDriver(driverName);
  const signal = interruptSignal();
  const flags: RunFlags = { ...scenarioSettings(shard.plan).run, driver: driver.name, seed: '1', results: shard.folder };
  const clients = await plannedClient(flags, driver, signal);
  const absent = clients.find(({ version }) => version === null);
  return await runShard(shard, {
    driver,
    facts: {},
    clients,
    atMost: jobs,
    lacks: async ({ name, seed }) => (absent ? `${absent.name} was not found: ${absent.reason ?? ''}` : await missingPart((await runOptions(name, { ...flags, seed })).scenario, driver)),
    make: async ({ name, seed }) => {
      const finished = await runScenario(await runOptions(name, { ...flags, seed }));
      if (signal.aborted) return null;
      const directory = keepsAllFiles || finished.journal.verdict !== 'pass' ? relative(resolve(shard.folder), resolve(await writeRunFiles(finished, shard.folder))) : '';
      return { durationMs: Math.round(finished.journal.durationMs), result: ranOf(finished.journal, directory) };
    },
  });
}

/** The client of all runs, as it is found on this machine. Of our own clients, of a command and of an image, nothing is looked up: a run says what it found. */
async function plannedClient({ client, clientImage }: RunFlags, driver: Driver, signal: AbortSignal): Promise<PlannedClient[]> {
  const parsed = parseClient(client);
  if (isOwn(parsed) || !('profile' in parsed) || clientImage !== undefined) return [];
  return await lookUp([client], driver, signal);
}
