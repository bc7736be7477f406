/** The observer's patience: how long it waits before it calls a host silent. */
import { expect, test } from 'vitest';
import type { Host } from './drivers/driver.ts';
import { Probe } from './probe.ts';
import type { Remote } from './remote.ts';
import { createTopology } from '../vocabulary/topology.ts';

/** An observer on a machine on which each answer takes `tookMs`. Records the time limits that it is given. */
function observerOn(tookMs: number, lateMs = 0): { probe: Probe; limits: number[] } {
  const limits: number[] = [];
  const remote = {
    call: (_command: string, { timeoutMs }: { timeoutMs: number }) => {
      limits.push(timeoutMs);
      return Promise.resolve({ outcome: 'response', status: 200, startMs: 0, tookMs });
    },
  } as unknown as Remote;
  return { probe: new Probe({} as Host, remote, createTopology(), () => lateMs), limits };
}

test.each([
  ['an idle machine', 1.2, 60],
  ['a machine that is ten times slower', 12, 240],
  ['a machine so slow that a second SYN would hide the loss of the first one', 200, 800],
])('follows the slowest answer of the baseline: %s', async (_, tookMs, silenceMs) => {
  const { probe, limits } = observerOn(tookMs);
  await probe.baseline();
  expect(probe.silenceMs).toBe(silenceMs);
  limits.length = 0;
  await probe.connect('backend-1', 4);
  await probe.query(6);
  expect(limits).toEqual([silenceMs, silenceMs]);
});

test('is longer by what the faults in force delay', async () => {
  const { probe, limits } = observerOn(1, 500);
  await probe.baseline();
  limits.length = 0;
  await probe.connect('backend-1', 4);
  expect(limits).toEqual([560]);
});
