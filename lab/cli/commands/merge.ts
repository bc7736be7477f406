/** `lab merge`: puts the files of shards together, and shows what the same command on one machine would show. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scenarioNames } from '../../../scenarios/index.ts';
import { failedLines, ranCounts, ranLines, soakTable, type Ran } from '../../report/ran.ts';
import { checkResults } from '../../report/run-files.ts';
import { columnNames } from '../../shards/machines.ts';
import { merge, rerunPlan, some, type Merged } from '../../shards/merge.ts';
import { partsOf, planHash, planText } from '../../shards/plan.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { mergedMatrix } from '../merge-matrix.ts';
import { ranKind, scenarioSettings } from '../scenario-shard.ts';
import { incompleteStatus } from '../exit-status.ts';
import { readShardFiles } from '../shard-folder.ts';
import { keep } from './matrix.ts';

export interface MergeFlags {
  out: string;
  rerun?: string;
  shards?: string;
}

/** Exit status: 4 if runs are missing; otherwise that of the planned command. @throws {LabError} BAD_INPUT for files of several plans, BAD_OUTPUT */
export async function mergeFiles(paths: readonly string[], flags: MergeFlags): Promise<number> {
  const { plans, files, notes } = readShardFiles(paths);
  const merged = merge(plans, files);
  await checkResults(flags.out);
  const status = await showMerged(merged, flags.out);
  for (const note of [...notes, ...merged.notes]) console.log(`${pc.yellow('note')}  ${note}`);
  showDuplicates(merged);
  showMissing(merged);
  if (flags.rerun !== undefined) await writeRerun(merged, flags.rerun, flags.shards);
  return merged.missing.length > 0 ? incompleteStatus : status;
}

async function showMerged(merged: Merged, out: string): Promise<number> {
  if (merged.plan.plan === 'matrix') return await keep(mergedMatrix(merged), null, out, undefined);
  const runs = ranRuns(merged);
  await writeText(join(out, `${merged.plan.plan}.json`), `${JSON.stringify(runs, null, 2)}\n`);
  return merged.plan.plan === 'soak' ? showSoak(merged, runs) : showScenarios(merged, runs);
}

/** A run of a scenario, with its name; on machines of several kinds, the machine is part of the name. */
interface NamedRun extends Ran {
  scenario: string;
  name: string;
  client: string;
  seed: string;
}

function ranRuns({ files, made }: Merged): NamedRun[] {
  const nameOn = columnNames(files.map(({ header }) => header));
  return made.map(({ id, result, header }) => {
    const { name, client, seed } = partsOf(id);
    return { scenario: name, name: nameOn(name, client, header), client, seed, ...readValue(ranKind, result, id, 'a result') };
  });
}

/** As `lab run-all` prints them. */
function showScenarios({ plan }: Merged, runs: readonly NamedRun[]): number {
  const width = Math.max(...[...scenarioNames, ...runs.map(({ name }) => name)].map((name) => name.length));
  for (const { name, reason } of plan.skipped) console.log(`  ${pc.yellow('skipped'.padEnd(11))} ${name.padEnd(width)} ${reason}`);
  for (const run of runs) for (const line of ranLines(run.name, width, run)) console.log(line);
  console.log(`\n${ranCounts(runs, plan.skipped.length, null)}`);
  if (runs.some(({ word }) => word === 'failed')) return 3;
  return runs.some(({ verdict }) => verdict === 'unknown') ? 2 : runs.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
}

/** As `lab soak` prints them. */
function showSoak({ plan }: Merged, runs: readonly NamedRun[]): number {
  const { repeat } = scenarioSettings(plan);
  for (const { name, reason } of plan.skipped) console.log(`  ${pc.yellow('skipped')}  ${name}: ${reason}`);
  for (const run of runs) if (run.verdict !== 'pass') for (const line of failedLines(run.name, run.seed, run)) console.log(line);
  const byName = Map.groupBy(runs, ({ name }) => name);
  const scenarios = [...new Set(plan.runs.map(({ id }) => partsOf(id).name))].flatMap((name) => {
    const own = [...byName].filter(([, [run]]) => run?.scenario === name);
    // On machines of several kinds, each of them has made some of the runs.
    return own.length > 1 ? own.map(([column, made]) => ({ name: column, runs: made, times: made.length })) : [{ name: own[0]?.[0] ?? name, runs: own[0]?.[1] ?? [], times: repeat }];
  });
  const { lines, whole } = soakTable(scenarios);
  for (const line of ['', ...lines]) console.log(line);
  console.log(`\n${whole} of ${lines.length} scenarios passed ${repeat} of ${repeat} times`);
  return whole === lines.length ? 0 : 1;
}

function showDuplicates({ duplicates }: Merged): void {
  for (const [paths, ids] of Map.groupBy(duplicates, (each) => some([...new Set(each.paths)]))) {
    console.log(`${pc.yellow('duplicates')}  ${ids.length} runs were made more than once, and the first one counts: ${some(ids.map(({ id }) => id))} (${paths})`);
  }
}

function showMissing({ plan, missing, made }: Merged): void {
  const total = plan.runs.length;
  if (missing.length === 0) {
    console.log(`\nAll ${total} runs of the plan ${planHash(plan)} were made.`);
    return;
  }
  console.log(`\n${pc.red('INCOMPLETE')}  ${missing.length} of the ${total} runs of the plan ${planHash(plan)} are missing${made.length === 0 ? '' : ', and the results above are without them'}:`);
  for (const [reason, runs] of Map.groupBy(missing, (each) => each.reason)) console.log(`  ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}: ${reason}\n      ${pc.dim(some(runs.map(({ id }) => id)))}`);
}

async function writeRerun(merged: Merged, file: string, shardsWord: string | undefined): Promise<void> {
  const rerun = rerunPlan(merged, shardsWord === undefined ? undefined : readValue(wholeNumber(1, 100_000), shardsWord, '--shards'));
  if (rerun === null) {
    console.log(`Nothing is missing, so ${file} was not written.`);
    return;
  }
  await writeText(file, planText(rerun));
  const command = rerun.plan === 'scenarios' ? 'run-all' : rerun.plan;
  console.log(`To make them, ${rerun.shards === 1 ? 'in one shard' : `in ${rerun.shards} shards`}: ${labCommand} ${command} --plan ${file} --shard ${rerun.shards === 1 ? '1/1' : `1/${rerun.shards} …`} --out DIR`);
}

/** @throws {LabError} BAD_OUTPUT */
async function writeText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new LabError('BAD_OUTPUT', `Could not write ${file}: ${messageOf(error)}`, { cause: error });
  }
  console.log(pc.dim(`      ${file}`));
}
