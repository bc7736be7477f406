/** A run on the terminal: in which setting it runs, and its events while they happen. */
import type { RunHead } from '../report/printed-run.ts';
import { writeRunFiles } from '../report/run-files.ts';
import { startTerminalStory } from '../report/terminal-story.ts';
import type { FinishedRun } from '../run/journal.ts';
import { labChangeOf } from '../run/lab-change.ts';
import { runScenario, type RunOptions } from '../run/run-scenario.ts';
import { pc } from '../vocabulary/terminal.ts';
import { createTopology } from '../vocabulary/topology.ts';

/** What the first lines of a run say. */
export function headOf({ name, scenario: { title, predict }, driver, client, clientImage, seed, backends, resolver, serveStale = false, resolvConf = [] }: RunOptions): RunHead {
  return { name, title, predict, driver: driver.name, client, clientImage: clientImage ?? null, seed, ...(backends !== undefined && { backends }), resolver: resolver === undefined ? null : { name: resolver, serveStale }, resolvConf };
}

/** Runs a scenario, tells its events on the terminal as they happen, and writes its files into a folder, whose path it returns. */
export async function tellRun(options: RunOptions, { verbose = false, results }: { verbose?: boolean; results: string }): Promise<{ finished: FinishedRun; directory: string }> {
  const progress = startProgress();
  const story = startTerminalStory({
    topology: createTopology(labChangeOf(options)),
    verbose,
    write: (line) => {
      progress.clear();
      process.stdout.write(`${line}\n`);
    },
  });
  const finished = await runScenario({ ...options, onEvent: story.tell });
  progress.end();
  story.end();
  return { finished, directory: await writeRunFiles(finished, results) };
}

/** On a terminal, shows the time since the start as long as no event is printed. */
function startProgress(): { clear(): void; end(): void } {
  if (!process.stdout.isTTY) return { clear: () => undefined, end: () => undefined };
  const start = performance.now();
  const clear = (): void => { process.stdout.write('\r\u001b[2K'); };
  const timer = setInterval(() => {
    process.stdout.write(`\r\u001b[2K${pc.dim(`${((performance.now() - start) / 1000).toFixed(1)} s …`)}`);
  }, 250);
  return {
    clear,
    end: () => {
      clearInterval(timer);
      clear();
    },
  };
}
