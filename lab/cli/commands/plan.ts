/** `lab plan`: says which of several machines makes which run. It prints the plan, and runs nothing but what finds the clients. */
import { tmpdir } from 'node:os';
import { longestFirst, scenarioNames } from '../../../scenarios/index.ts';
import { failures } from '../../../scenarios/matrix/index.ts';
import { parseClient } from '../../clients/index.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { missingPart } from '../../run/missing-part.ts';
import { assign, timingsOf, unevenness } from '../../shards/assign.ts';
import { idOf, planHash, planText, type Plan, type PlannedClient } from '../../shards/plan.ts';
import { runLinesOf } from '../../shards/result-lines.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { thisLab } from '../checkout.ts';
import { chosenNames, wordsOf } from '../chosen-names.ts';
import { interruptSignal } from '../interrupt.ts';
import { clientsOf, matrixRuns, withTimeouts, type MatrixSettings } from '../matrix-runs.ts';
import { plannedRunFlags, type ScenarioSettings } from '../scenario-shard.ts';
import { piecesOf } from '../shard-folder.ts';
import { commandText, patienceOf, type MatrixChoice, type MatrixFlags } from './matrix.ts';
import { runOptions, type RunFlags } from './run.ts';

export interface PlanFlags {
  shards: string;
  timings: string[];
}

/** What a command plans: its runs in the order in which it makes them, and what they need to know. */
export type Draft = Pick<Plan, 'plan' | 'command' | 'settings' | 'clients' | 'skipped'> & { ids: string[] };

/** Prints a plan, and says on stderr what is in it. Exit status: 0. @throws {LabError} BAD_INPUT */
export function printPlan({ ids, ...draft }: Draft, flags: PlanFlags): number {
  const shards = readValue(wholeNumber(1, 100_000), flags.shards, '--shards');
  if (ids.length === 0) throw new LabError('BAD_INPUT', 'There is nothing to plan: no run can be made.');
  if (shards > ids.length) throw new LabError('BAD_INPUT', `There are ${ids.length} runs, which is less than ${shards} shards. Choose ${ids.length} shards or fewer.`);
  const plan: Plan = { ...draft, ...thisLab(), shards, runs: assign(ids, shards, timingsOf(flags.timings.flatMap(timedRuns))) };
  for (const { name, reason } of plan.skipped) console.error(`  skipped  ${name}: ${reason}`);
  const uneven = unevenness(plan.runs, shards);
  const expected = uneven === null ? '' : `; the slowest is expected to take ${uneven.toFixed(2)} times the mean`;
  console.error(`${ids.length} runs in ${shards} shards${expected}. The plan is ${planHash(plan)}, of commit ${plan.commit ?? 'unknown'}.`);
  if (plan.commit?.endsWith('-dirty')) console.error('This checkout has changes that are in no commit. A machine with a fresh checkout will refuse the plan.');
  process.stdout.write(planText(plan));
  return 0;
}

/** @throws {LabError} BAD_INPUT for a file that has no times. */
function timedRuns(path: string): { id: string; durationMs: number }[] {
  const runs = runLinesOf(piecesOf(path));
  if (runs.length === 0) throw new LabError('BAD_INPUT', `Expected --timings ${path} to have runs in it, as a file of a shard does (3-of-16.a1.jsonl), and found none.`);
  return runs;
}

/** `lab plan matrix`: each failure with each client that is named, or found here. */
export async function planMatrix(flags: Pick<MatrixFlags, 'driver' | MatrixChoice> & PlanFlags): Promise<number> {
  const repeat = readValue(wholeNumber(1, 1_000), flags.repeat, '--repeat');
  const chosen = chosenNames(flags.failures, Object.keys(failures), 'failure');
  const named = wordsOf(flags.clients).map((word) => parseClient(word).name);
  // Clients that were named are planned, whether they are on this machine or not. So no lab is needed here, either.
  const asked: PlannedClient[] = named.length > 0 ? named.map((name) => ({ name, version: null, reason: 'no machine had it' })) : await clientsOf([], await chooseDriver(flags.driver), interruptSignal());
  const clients = flags.timeouts ? withTimeouts(asked) : asked;
  const planned = named.length > 0 ? clients : clients.filter(({ version }) => version !== null);
  const settings: MatrixSettings = { failures: chosen, repeat, patienceMs: patienceOf(flags) };
  const ids = matrixRuns(chosen, planned.map(({ name }) => name), repeat).map(({ failure, client, seed }) => idOf({ name: failure, client, seed: String(seed) }));
  return printPlan({ plan: 'matrix', command: commandText(flags), settings, clients, skipped: [], ids }, flags);
}

/** `lab plan scenarios`: one run of each scenario. */
export async function planScenarios(flags: RunFlags & PlanFlags): Promise<number> {
  return printPlan(await scenarioDraft('scenarios', [flags.seed], longestFirst(scenarioNames), flags), flags);
}

/** `lab plan soak`: many runs of each scenario. */
export async function planSoak(flags: RunFlags & PlanFlags & { n: string; only: string[] }): Promise<number> {
  const times = readValue(wholeNumber(1, 10_000), flags.n, '--n');
  const seeds = Array.from({ length: times }, (_, round) => String(round + 1));
  return printPlan(await scenarioDraft('soak', seeds, flags.only.length > 0 ? flags.only : scenarioNames, flags), flags);
}

async function scenarioDraft(plan: 'soak' | 'scenarios', seeds: readonly string[], wanted: readonly string[], flags: RunFlags): Promise<Draft> {
  const driver = await chooseDriver(flags.driver);
  const settings: ScenarioSettings = { repeat: seeds.length, run: plannedRunFlags(flags) };
  const names: string[] = [];
  const skipped: Plan['skipped'] = [];
  let client = flags.client;
  for (const name of wanted) {
    // Nothing is written. A mistake in the options is told here, and not by each machine.
    const options = await runOptions(name, { ...flags, driver: driver.name, results: tmpdir() });
    const reason = await missingPart(options.scenario, driver);
    if (reason === null) names.push(name);
    else skipped.push({ name, reason });
    client = options.client;
  }
  const ids = seeds.flatMap((seed) => names.map((name) => idOf({ name, client, seed })));
  return { plan, command: plan === 'soak' ? `make soak n=${seeds.length}` : 'make scenarios', settings, clients: [], skipped, ids };
}
