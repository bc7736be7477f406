/** Makes the runs of one shard of a plan, several labs side by side, and writes each as it ends. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Driver } from '../network/drivers/driver.ts';
import { checkResults } from '../report/run-files.ts';
import { partsOf, planHash, runsOfShard, type Plan, type PlannedClient, type Plannable, type RunParts } from '../shards/plan.ts';
import type { RunLine } from '../shards/result-lines.ts';
import { whichShard } from '../shards/which-shard.ts';
import { LabError } from '../vocabulary/errors.ts';
import { pc } from '../vocabulary/terminal.ts';
import { checkLab } from './checkout.ts';
import { incompleteStatus } from './exit-status.ts';
import { interruptedStatus, interruptSignal } from './interrupt.ts';
import { machineKind } from './machine-kind.ts';
import { beginAttempt, readPlan } from './shard-folder.ts';
import { sideBySide, type Crowd } from './side-by-side.ts';

/** What names a shard on the command line. */
export interface ShardFlags {
  plan?: string;
  shard?: string;
  out?: string;
}

export interface Shard {
  plan: Plan;
  /** From 1 on. */
  number: number;
  /** That of this lab. Null if it is not known. */
  commit: string | null;
  /** The folder for the shard's file, and for the files of its runs. */
  folder: string;
}

/** How a command makes the runs of its plan. */
export interface ShardWork {
  driver: Driver;
  /** Facts of this machine, each by its name. */
  facts: Record<string, string>;
  /** The clients of the plan, as they were found on this machine. */
  clients: PlannedClient[];
  /** Why this machine cannot make a run. Null if it can. */
  lacks(run: RunParts): string | null | Promise<string | null>;
  /** Makes a run. Null if it was interrupted. */
  make(run: RunParts): Promise<Pick<RunLine, 'durationMs' | 'result'> | null>;
  /** How many labs there are side by side, at the most. */
  atMost: number;
  /** Facts that are known at the end. */
  factsAtEnd?(crowd: Crowd): Record<string, string>;
}

/**
 * The shard that the command line names; null if it names no plan.
 * @throws {LabError} BAD_INPUT for a plan of another command or of another lab, for a shard that the plan does not have, and for results that cannot be written
 */
export async function shardOf(what: Plannable, flags: ShardFlags): Promise<Shard | null> {
  const { plan: file, shard, out } = flags;
  if (file === undefined) {
    const [alone] = Object.entries({ '--shard': shard, '--out': out }).filter(([, value]) => value !== undefined);
    if (alone) throw new LabError('BAD_INPUT', `${alone[0]} is about a plan, and no plan was named: --plan plan.json. To make one: lab plan ${what} --shards 4 > plan.json`);
    return null;
  }
  const plan = readPlan(file);
  if (plan.plan !== what) throw new LabError('BAD_INPUT', `${file} is a plan for \`${plan.plan}\`, not for \`${what}\`. Run it with: make ${plan.plan} plan=${file}`);
  if (shard === undefined) throw new LabError('BAD_INPUT', `Which of the ${plan.shards} shards of the plan? Name it: --shard 1/${plan.shards}, or auto.`);
  if (out === undefined) throw new LabError('BAD_INPUT', 'Where do the results go? Name a folder: --out DIR.');
  const { commit } = checkLab(plan, file);
  const number = whichShard(shard, plan.shards, process.env);
  await checkResults(out);
  return { plan, number, commit, folder: out };
}

/** Exit status: 0 if every run of the shard was made, by this attempt or an earlier one; 4 if some could not be made here; 129, 130 or 143 when interrupted. */
export async function runShard({ plan, number, commit, folder }: Shard, { driver, facts, clients, atMost, lacks, make, factsAtEnd }: ShardWork): Promise<number> {
  using attempt = beginAttempt(folder, plan, { shard: number, startedAt: new Date().toISOString(), commit, host: hostname(), kind: machineKind(driver.name), facts, clients });
  const own = runsOfShard(plan, number).map(({ id }) => id);
  const todo = own.filter((id) => !attempt.earlier.has(id));
  const earlier = own.length - todo.length;
  console.log(pc.dim(`Shard ${number}/${plan.shards} of the plan ${planHash(plan)}: ${own.length} runs${earlier > 0 ? `, ${earlier} of them made by earlier attempts` : ''}`));
  const startMs = performance.now();
  const lacking = new Map<string, string[]>();
  let made = 0;
  const crowd = await sideBySide(todo, { atMost, signal: interruptSignal() }, async (id) => {
    const run = partsOf(id);
    const reason = await lacks(run);
    if (reason !== null) {
      attempt.append({ line: 'absent', id, reason });
      lacking.set(reason, [...(lacking.get(reason) ?? []), id]);
      return;
    }
    const finished = await make(run);
    if (finished === null) return;
    attempt.append({ line: 'run', id, ...finished });
    made++;
    if (made % 50 === 0) console.log(pc.dim(`  ${made} of ${todo.length} runs, ${((performance.now() - startMs) / 1000).toFixed(0)} s`));
  });
  const interrupted = interruptedStatus();
  if (interrupted !== null) return interrupted;
  const absent = [...lacking.values()].reduce((sum, ids) => sum + ids.length, 0);
  attempt.append({ line: 'end', planned: own.length, made, earlier, absent, facts: factsAtEnd?.(crowd) ?? {} });
  for (const [reason, ids] of lacking) console.log(`  ${pc.yellow('not made')}  ${reason}: ${ids.length} runs`);
  console.log(`${made} runs in ${((performance.now() - startMs) / 1000).toFixed(0)} s${earlier > 0 ? `, ${earlier} made before` : ''}${absent > 0 ? `, ${absent} not made` : ''}\n${pc.dim(`      ${resolve(attempt.path)}`)}`);
  return absent > 0 ? incompleteStatus : 0;
}
