/** Runs of scenarios as `lab run-all` and `lab soak` list them, and as `lab merge` lists those of several machines. */
import type { Verdict } from '../analysis/checks.ts';
import type { Journal } from '../run/journal.ts';
import { pc } from '../vocabulary/terminal.ts';
import { complaintsOf, wordOf } from './complaints.ts';

/** What a run of a scenario showed. */
export interface Ran {
  /** The verdict, or the status of a run that was not completed. */
  word: string;
  verdict: Verdict;
  complaints: string[];
  durationMs: number;
  /** The folder of its files; empty if they were not kept. */
  directory: string;
}

export function ranOf(journal: Journal, directory: string): Ran {
  return { word: wordOf(journal), verdict: journal.verdict, complaints: complaintsOf(journal), durationMs: journal.durationMs, directory };
}

/** One run of a scenario, and its complaints in the lines below. */
export function ranLines(name: string, width: number, { word, verdict, complaints, durationMs, directory }: Ran): string[] {
  const paint = { pass: pc.green, fail: pc.red, unknown: pc.yellow }[verdict];
  return [`  ${paint(word.padEnd(11))} ${name.padEnd(width)} ${(durationMs / 1000).toFixed(1).padStart(5)} s  ${pc.dim(directory)}`, ...complaints.map((complaint) => `          ${complaint}`)];
}

/** `44 scenarios in 61.2 s: 42 pass, 1 fail, 1 unknown, 2 skipped`. */
export function ranCounts(runs: readonly Pick<Ran, 'verdict'>[], skipped: number, seconds: string | null): string {
  const count = (verdict: Verdict): number => runs.filter((run) => run.verdict === verdict).length;
  return `${runs.length} scenarios${seconds === null ? '' : ` in ${seconds} s`}: ${count('pass')} pass, ${count('fail')} fail, ${count('unknown')} unknown${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** A run of a soak that did not pass, and its complaints in the lines below. */
export function failedLines(name: string, seed: string, { word, complaints, directory }: Ran): string[] {
  return [`  ${pc.red(word)} ${name}, seed ${seed}  ${pc.dim(directory)}`, ...complaints.map((complaint) => `      ${complaint}`)];
}

/** How often each scenario passed, and how many passed all of their runs, of which there should be `times`. */
export function soakTable(scenarios: readonly { name: string; runs: readonly Pick<Ran, 'word' | 'verdict'>[]; times: number }[]): { lines: string[]; whole: number } {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const rows = scenarios.map(({ name, runs, times }) => {
    const counts = [...Map.groupBy(runs, ({ word }) => word)].map(([word, each]) => `${each.length} ${word}`).join(', ') || 'no run';
    const passed = runs.filter(({ verdict }) => verdict === 'pass').length === times;
    return { passed, line: `  ${(passed ? pc.green : pc.red)(name.padEnd(width))}  ${counts}` };
  });
  return { lines: rows.map(({ line }) => line), whole: rows.filter(({ passed }) => passed).length };
}
