/** `lab run-all`: runs every scenario, several labs side by side, and prints one line for each. */
import { pc } from '../../vocabulary/terminal.ts';
import { longestFirst, scenarioNames } from '../../../scenarios/index.ts';
import { complaintsOf, wordOf } from '../../report/complaints.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { messageOf } from '../../vocabulary/errors.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { missingPart } from '../../run/missing-part.ts';
import { writeRunFiles } from '../../report/run-files.ts';
import { parseReporters } from '../../report/reporters.ts';
import type { FinishedRun } from '../../run/journal.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { interruptedStatus } from '../interrupt.ts';
import { exitStatusOf, runOptions, type RunFlags } from './run.ts';

const couldNotRun = 3;

/** Exit status: that of the worst run. 3 (could not run) is worse than 2 (unknown), and 2 is worse than 1 (fail). 129, 130 or 143 when interrupted. */
export async function runAll(flags: RunFlags & { jobs: string; reporter: string[] }): Promise<number> {
  const report = await parseReporters(flags.reporter, flags.json ? console.error : console.log);
  const jobs = readValue(wholeNumber(1), flags.jobs, '--jobs');
  const driver = await chooseDriver(flags.driver);
  const start = performance.now();
  const width = Math.max(...scenarioNames.map((name) => name.length));
  const waiting = longestFirst(scenarioNames);
  let skipped = 0;
  const statuses: number[] = [];
  const journals: FinishedRun['journal'][] = [];

  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const options = await runOptions(name, flags);
      const missing = await missingPart(options.scenario, driver);
      if (missing !== null) {
        skipped++;
        if (!flags.json) console.log(`  ${pc.yellow('skipped'.padEnd(11))} ${name.padEnd(width)} ${missing}`);
        continue;
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
      if (flags.json) continue;
      const paint = { pass: pc.green, fail: pc.red, unknown: pc.yellow }[journal.verdict];
      console.log(`  ${paint(wordOf(journal).padEnd(11))} ${name.padEnd(width)} ${(journal.durationMs / 1000).toFixed(1).padStart(5)} s  ${pc.dim(directory)}`);
      for (const complaint of complaintsOf(journal)) console.log(`          ${complaint}`);
      if (options.signal.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, scenarioNames.length) }, work));

  const count = (verdict: string): number => journals.filter((journal) => journal.verdict === verdict).length;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (flags.json) console.log(JSON.stringify(journals, null, 2));
  else console.log(`\n${journals.length} scenarios in ${seconds} s: ${count('pass')} pass, ${count('fail')} fail, ${count('unknown')} unknown${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  await report(journals);
  return interruptedStatus() ?? [couldNotRun, 2, 1].find((status) => statuses.includes(status)) ?? 0;
}
