/** `lab soak`: runs every scenario many times, several labs side by side, on a busy machine. A scenario must pass every time. */
import pLimit from 'p-limit';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { scenarioNames } from '../../../scenarios/index.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { missingPart } from '../../run/missing-part.ts';
import { failedLines, ranOf, soakTable, type Ran } from '../../report/ran.ts';
import { writeRunFiles } from '../../report/run-files.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';
import { shardOf, type ShardFlags } from '../run-shard.ts';
import { runScenarioShard } from '../scenario-shard.ts';
import { runOptions, type RunFlags } from './run.ts';

export interface SoakFlags extends RunFlags, ShardFlags {
  n: string;
  jobs: string;
  burners: string;
  only: string[];
}

/** Exit status: 0 when every scenario passed every time, 1 otherwise; 129, 130 or 143 when interrupted. */
export async function soak(flags: SoakFlags): Promise<number> {
  const shard = await shardOf('soak', flags);
  if (shard !== null) {
    using burners = startBurners(flags.burners);
    console.log(pc.dim(`${flags.jobs} labs at a time, beside ${burners.count} processes that only burn CPU`));
    return await runScenarioShard(shard, flags, { keepsAllFiles: false });
  }
  const [times, jobs] = [readValue(wholeNumber(1, 10_000), flags.n, '--n'), readValue(wholeNumber(1), flags.jobs, '--jobs')];
  const driver = await chooseDriver(flags.driver);
  const signal = interruptSignal();
  const names: string[] = [];
  for (const name of flags.only.length > 0 ? flags.only : scenarioNames) {
    const missing = await missingPart((await runOptions(name, flags)).scenario, driver);
    if (missing === null) names.push(name);
    else console.log(`  ${pc.yellow('skipped')}  ${name}: ${missing}`);
  }
  using burners = startBurners(flags.burners);
  const byName = new Map<string, Ran[]>(names.map((name) => [name, []]));
  const runs = Array.from({ length: times }, (_, round) => names.map((name) => ({ name, seed: String(round + 1) }))).flat();
  const total = runs.length;
  const start = performance.now();
  const elapsed = (): string => `${((performance.now() - start) / 1000).toFixed(0)} s`;
  let done = 0;
  console.log(pc.dim(`${total} runs, ${jobs} labs at a time, beside ${burners.count} processes that only burn CPU`));
  await pLimit(jobs).map(runs, async ({ name, seed }) => {
    if (signal.aborted) return;
    const finished = await runScenario(await runOptions(name, { ...flags, seed }));
    if (finished.journal.status === 'interrupted') return;
    // Only runs that did not pass keep their files.
    const ran = ranOf(finished.journal, finished.journal.verdict === 'pass' ? '' : await writeRunFiles(finished, flags.results));
    byName.get(name)?.push(ran);
    if (++done % Math.ceil(total / 10) === 0 && done < total) console.log(pc.dim(`  ${done} of ${total} runs, ${elapsed()}`));
    if (ran.verdict !== 'pass') for (const line of failedLines(name, seed, ran)) console.log(line);
  });
  const { lines, whole } = soakTable([...byName].map(([name, runs]) => ({ name, runs, times })));
  for (const line of ['', ...lines]) console.log(line);
  console.log(`\n${whole} of ${names.length} scenarios passed ${times} of ${times} times, in ${elapsed()}`);
  return interruptedStatus() ?? (whole === names.length ? 0 : 1);
}

/** Starts processes that burn CPU: so many as `word` says, or one for each core. They end with this process, because the pipe on their stdin closes then. */
function startBurners(word: string): { count: number } & Disposable {
  const count = word === '' ? availableParallelism() : readValue(wholeNumber(0, 1_000), word, '--burners');
  const script = 'process.stdin.on("close", () => process.exit()).resume(); (function burn() { const end = performance.now() + 5; while (performance.now() < end); setImmediate(burn); })()';
  const children = Array.from({ length: count }, () => spawn(process.execPath, ['--eval', script], { stdio: ['pipe', 'ignore', 'ignore'] }));
  return { count, [Symbol.dispose]: () => { for (const child of children) child.kill(); } };
}
