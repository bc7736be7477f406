import { expect, test } from 'vitest';
import { clockDifference, type BothClocks } from './clocks.ts';

/** Readings of clocks that are `differenceNs` apart. A reading begins at `beforeNs`, and takes the first and the second time to its middle and from there. */
const reading = (differenceNs: bigint, beforeNs: bigint, [firstNs, secondNs]: [bigint, bigint]): BothClocks => ({ beforeNs, realtimeNs: beforeNs + firstNs + differenceNs, afterNs: beforeNs + firstNs + secondNs });

test('the difference of the clocks is one number for all frames: a slow reading does not change it', () => {
  let took: [bigint, bigint] = [100n, 100n];
  let nowNs = 0n;
  const differenceNs = clockDifference(() => reading(5_000n, (nowNs += 1_000_000n), took));
  expect(differenceNs()).toBe(5_000n);
  for (took of [[9_000n, 100n], [100n, 9_000n], [3_000_000n, 0n]] as [bigint, bigint][]) expect(differenceNs()).toBe(5_000n);
});

test('of the first readings the quickest counts', () => {
  let count = 0;
  expect(clockDifference(() => reading(5_000n, 0n, (count += 1) === 6 ? [100n, 100n] : [9_000n, 100n]))()).toBe(5_000n);
});

test('a wall clock that is set gives a new difference, and a reading that shows an error mends it', () => {
  let [setNs, took]: [bigint, [bigint, bigint]] = [0n, [9_000n, 1_000n]];
  const differenceNs = clockDifference(() => reading(setNs, 0n, took));
  expect(differenceNs()).toBe(4_000n);
  took = [100n, 100n];
  expect(differenceNs()).toBe(0n);
  setNs = -3_600_000_000_000n;
  expect(differenceNs()).toBe(setNs);
});

test('the clocks of this machine', () => {
  const differenceNs = clockDifference();
  const wallMs = Number(process.hrtime.bigint() + differenceNs()) / 1e6;
  expect(Math.abs(wallMs - Date.now())).toBeLessThan(1_000);
});
