/** The docker driver. A docker engine needs seconds for what namespaces do in a tenth of a second, so there are fewer runs on it. */
import { join } from 'node:path';
import { usable } from './drivers.ts';
import { repeat, runs, took } from './measure.ts';
import { phases } from './phases.ts';
import { relay } from './relay.ts';
import type { Trees } from './trees.ts';

export async function docker({ now }: Trees): Promise<object> {
  const driver = await usable('docker');
  const times = Math.ceil(runs / 3);
  return {
    allDown: await repeat('docker: lab run all-down', () => Promise.resolve(took([join(now, 'bin/lab'), 'run', '--driver', 'docker', 'all-down']).wallMs), times),
    phases: await phases(driver, times),
    relay: await relay(driver),
  };
}
