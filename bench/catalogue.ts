/** All scenarios. */
import { join } from 'node:path';
import { rounded, took, type Took } from './measure.ts';
import type { Trees } from './trees.ts';

/**
 * Measures the wall time of `lab run-all`. With another commit, it runs here, there, and here again; `overBefore` has the mean of the two. `status` is the
 * exit status here: 1 or 2 says that a scenario failed or is unknown, and then its time is not that of a whole run.
 */
export function catalogue({ now, before }: Trees): object {
  const measured = (tree: string): Took => {
    process.stderr.write(`catalogue in ${tree} …\n`);
    return took([join(tree, 'bin/lab'), 'run-all'], [0, 1, 2]);
  };
  const { wallMs, status } = measured(now);
  if (before === null) return { wallMs: rounded(wallMs), status };
  const [there, again] = [measured(before), measured(now)];
  const meanMs = (wallMs + again.wallMs) / 2;
  return { wallMs: rounded(meanMs), status, beforeWallMs: rounded(there.wallMs), beforeStatus: there.status, overBefore: rounded(meanMs / there.wallMs, 2) };
}
