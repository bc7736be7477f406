/** `lab soak`: runs every scenario many times, several labs side by side, on a busy machine. A scenario must pass every time. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { scenarioNames } from '../../../scenarios/index.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { complaintsOf, wordOf } from '../../report/complaints.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { missingPart } from '../../run/missing-part.ts';
import { writeRunFiles } from '../../report/run-files.ts';
import type { Journal } from '../../run/journal.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';
import { runOptions, type RunFlags } from './run.ts';

export interface SoakFlags extends RunFlags {
  n: string;
  jobs: string;
  burners: string;
  only: string[];
}

/** Exit status: 0 when every scenario passed every time, 1 otherwise; 129, 130 or 143 when interrupted. */
export async function soak(flags: SoakFlags): Promise<number> {
  const [times, jobs] = [readValue(wholeNumber(1, 10_000), flags.n, '--n'), readValue(wholeNumber(1), flags.jobs, '--jobs')];
  const driver = await chooseDriver(flags.driver);
  const signal = interruptSignal();
  const isOver = (): boolean => signal.aborted;
  const names: string[] = [];
  for (const name of flags.only.length > 0 ? flags.only : scenarioNames) {
    const missing = await missingPart((await runOptions(name, flags)).scenario, driver);
    if (missing === null) names.push(name);
    else console.log(`  ${pc.yellow('skipped')}  ${name}: ${missing}`);
  }
  const burners = startBurners(flags.burners === '' ? availableParallelism() : readValue(wholeNumber(0, 1_000), flags.burners, '--burners'));
  const journals = new Map<string, Journal[]>(names.map((name) => [name, []]));
  const waiting = Array.from({ length: times }, (_, round) => names.map((name) => ({ name, seed: String(round + 1) }))).flat();
  const total = waiting.length;
  const start = performance.now();
  const elapsed = (): string => `${((performance.now() - start) / 1000).toFixed(0)} s`;
  let done = 0;
  console.log(pc.dim(`${total} runs, ${jobs} labs at a time, beside ${burners.count} processes that only burn CPU`));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !isOver(); next = waiting.shift()) {
      const finished = await runScenario(await runOptions(next.name, { ...flags, seed: next.seed }));
      if (isOver()) return;
      journals.get(next.name)?.push(finished.journal);
      if (++done % Math.ceil(total / 10) === 0 && done < total) console.log(pc.dim(`  ${done} of ${total} runs, ${elapsed()}`));
      if (finished.journal.verdict === 'pass') continue;
      // Only runs that did not pass keep their files.
      const directory = await writeRunFiles(finished, flags.results);
      console.log(`  ${pc.red(wordOf(finished.journal))} ${next.name}, seed ${next.seed}  ${pc.dim(directory)}`);
      for (const complaint of complaintsOf(finished.journal)) console.log(`      ${complaint}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, total) }, work));
  } finally {
    burners.stop();
  }
  const width = Math.max(...names.map((name) => name.length));
  let whole = 0;
  console.log('');
  for (const [name, runs] of journals) {
    const counts = [...Map.groupBy(runs, wordOf)].map(([word, each]) => `${each.length} ${word}`).join(', ');
    const passed = runs.filter(({ verdict }) => verdict === 'pass').length === times;
    if (passed) whole++;
    console.log(`  ${(passed ? pc.green : pc.red)(name.padEnd(width))}  ${counts}`);
  }
  console.log(`\n${whole} of ${names.length} scenarios passed ${times} of ${times} times, in ${elapsed()}`);
  return interruptedStatus() ?? (whole === names.length ? 0 : 1);
}

/** Starts processes that burn CPU. They end with this process, because the pipe on their stdin closes then. */
function startBurners(count: number): { count: number; stop(): void } {
  const script = 'process.stdin.on("close", () => process.exit()).resume(); (function burn() { const end = performance.now() + 5; while (performance.now() < end); setImmediate(burn); })()';
  const children = Array.from({ length: count }, () => spawn(process.execPath, ['--eval', script], { stdio: ['pipe', 'ignore', 'ignore'] }));
  return { count, stop: () => { for (const child of children) child.kill(); } };
}
