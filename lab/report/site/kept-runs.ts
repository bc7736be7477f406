/** The runs in a folder of results: which of them can be shown, and where their files are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';

/** The files of a run that its page links to, and the page. */
const runFiles = ['timeline.html', 'journal.json', 'events.ndjson', 'wire.pcapng'] as const;

const journalKind = v.looseObject({ client: v.string(), seed: v.number(), verdict: v.string(), startedAt: v.string() });

/** A run whose page can be shown. */
export interface KeptRun {
  /** Its folder, relative to that of the results. */
  directory: string;
  client: string;
  seed: number;
  verdict: string;
  startedAt: string;
}

/** The files of a run, or null if its page, or a file that the page links to, is not there. */
export function filesOfRun(results: string, directory: string): string[] | null {
  const has = (file: string): boolean => existsSync(join(results, directory, file));
  if (!has('timeline.html')) return null;
  const page = readFileSync(join(results, directory, 'timeline.html'), 'utf8');
  const there = runFiles.filter(has);
  return runFiles.every((file) => there.includes(file) || !page.includes(`href="${file}"`)) ? there : null;
}

/** The newest run of a scenario that can be shown. Undefined if there is none. */
export function newestRun(results: string, scenario: string): KeptRun | undefined {
  const folder = join(results, scenario);
  // The name of a folder is the time at which its run began.
  const stamps = existsSync(folder) ? readdirSync(folder).sort().reverse() : [];
  for (const stamp of stamps) {
    const directory = `${scenario}/${stamp}`;
    if (filesOfRun(results, directory)?.includes('journal.json') !== true) continue;
    const { success, output } = v.safeParse(journalKind, readJson(join(results, directory, 'journal.json')));
    if (success) return { directory, client: output.client, seed: output.seed, verdict: output.verdict, startedAt: output.startedAt };
  }
  return undefined;
}

/** Null for a file that is no JSON: a run that was cut short by a full disk must not hide the others. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
