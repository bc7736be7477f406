/** One run of a scenario, beside bare starts of Node. */
import { join } from 'node:path';
import { usable } from './drivers.ts';
import { rounded, runs, spreadOf, took, type Took } from './measure.ts';
import { phases } from './phases.ts';
import type { Trees } from './trees.ts';

/** A lab has seven Node processes besides the client's: the lab's own, DNS, three backends, the observer, the capture. */
const processes = 7;

/** Measures `lab run all-down` and, in the same round, seven starts of a Node that does nothing. CPU times are sums over all rounds. */
export async function run({ now, before }: Trees): Promise<object> {
  const trees = { now, ...(before === null ? {} : { before }) };
  const results: Record<string, Took[]> = {};
  const starts: Took[] = [];
  // The first run of a tree fills the compile cache.
  for (const tree of Object.values(trees)) took([join(tree, 'bin/lab'), 'run', 'all-down']);
  process.stderr.write('run ');
  for (let round = 0; round < runs; round++) {
    for (let start = 0; start < processes; start++) starts.push(took([process.execPath, '--eval', '0']));
    for (const [name, tree] of Object.entries(trees)) (results[name] ??= []).push(took([join(tree, 'bin/lab'), 'run', 'all-down']));
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  const sevenStartsCpuMs = meanCpuMs(starts) * processes;
  const startWall = spreadOf(starts.map(({ wallMs }) => wallMs));
  const figures = (took: readonly Took[]): object => {
    const wall = spreadOf(took.map(({ wallMs }) => wallMs));
    return { cpuMs: rounded(meanCpuMs(took)), overSevenStarts: rounded(meanCpuMs(took) / sevenStartsCpuMs, 2), wall, overOneStart: rounded(wall.medianMs / startWall.medianMs, 1) };
  };
  return {
    sevenStartsCpuMs: rounded(sevenStartsCpuMs),
    startWall,
    ...figures(results['now'] ?? []),
    ...(before === null ? {} : { before: figures(results['before'] ?? []) }),
    phases: await phases(await usable('netns'), runs),
  };
}

function meanCpuMs(all: readonly Took[]): number {
  return all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / all.length;
}
