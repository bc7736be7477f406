/** `lab run-all`: runs every scenario, several labs side by side, and prints one line for each. */
import pLimit from 'p-limit';
import { pc } from '../../vocabulary/terminal.ts';
import { longestFirst, scenarioNames } from '../../../scenarios/index.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { messageOf } from '../../vocabulary/errors.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { missingPart } from '../../run/missing-part.ts';
import { ranCounts, ranLines, ranOf } from '../../report/ran.ts';
import { writeRunFiles } from '../../report/run-files.ts';
import { parseReporters } from '../../report/reporters.ts';
import type { FinishedRun } from '../../run/journal.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';
import { shardOf, type ShardFlags } from '../run-shard.ts';
import { runScenarioShard } from '../scenario-shard.ts';
import { exitStatusOf, runOptions, type RunFlags } from './run.ts';

const couldNotRun = 3;

export interface RunAllFlags extends RunFlags, ShardFlags {
  jobs: string;
  reporter: string[];
}

/** Exit status: that of the worst run. 3 (could not run) is worse than 2 (unknown), and 2 is worse than 1 (fail). 129, 130 or 143 when interrupted. */
export async function runAll(flags: RunAllFlags): Promise<number> {
  const shard = await shardOf('scenarios', flags);
  if (shard !== null) return await runScenarioShard(shard, flags, { keepsAllFiles: true });
  const report = await parseReporters(flags.reporter, flags.json ? console.error : console.log);
  const jobs = readValue(wholeNumber(1), flags.jobs, '--jobs');
  const driver = await chooseDriver(flags.driver);
  const start = performance.now();
  const width = Math.max(...scenarioNames.map((name) => name.length));
  const signal = interruptSignal();
  let skipped = 0;
  const statuses: number[] = [];
  const journals: FinishedRun['journal'][] = [];

  await pLimit(jobs).map(longestFirst(scenarioNames), async (name) => {
    if (signal.aborted) return;
    const options = await runOptions(name, flags);
    const missing = await missingPart(options.scenario, driver);
    if (missing !== null) {
      skipped++;
      if (!flags.json) console.log(`  ${pc.yellow('skipped'.padEnd(11))} ${name.padEnd(width)} ${missing}`);
      return;
    }
    const finished = await runScenario(options);
    const { journal } = finished;
    journals.push(journal);
    statuses.push(exitStatusOf(journal));
    // A run whose files could not be written must not take the other runs with it.
    const directory = await writeRunFiles(finished, flags.results).catch((error: unknown) => {
      statuses.push(couldNotRun);
      console.error(`lab: ${name}: ${messageOf(error)}`);
      return '';
    });
    if (flags.json) return;
    for (const line of ranLines(name, width, ranOf(journal, directory))) console.log(line);
  });

  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (flags.json) console.log(JSON.stringify(journals, null, 2));
  else console.log(`\n${ranCounts(journals, skipped, seconds)}`);
  await report(journals);
  return interruptedStatus() ?? [couldNotRun, 2, 1].find((status) => statuses.includes(status)) ?? 0;
}
