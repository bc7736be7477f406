/** All scenarios. */
import { join } from 'node:path';
import { rounded, took } from './measure.ts';
import type { Trees } from './trees.ts';

/** Measures the wall time of `lab run-all`; with another commit, in turns with the same command there. */
export function catalogue({ now, before }: Trees): object {
  const wallMs = (tree: string): number => {
    process.stderr.write(`catalogue in ${tree} …\n`);
    return took([join(tree, 'bin/lab'), 'run-all']).wallMs;
  };
  if (before === null) return { wallMs: rounded(wallMs(now)) };
  const [first, beforeMs, second] = [wallMs(now), wallMs(before), wallMs(now)];
  return { wallMs: rounded((first + second) / 2), beforeWallMs: rounded(beforeMs), overBefore: rounded((first + second) / 2 / beforeMs, 2) };
}
