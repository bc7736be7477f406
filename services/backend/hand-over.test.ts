import { expect, test } from 'vitest';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { startHandOver } from './hand-over.ts';

test('nobody is told at first, everybody at the end, half of them half way', () => {
  let nowMs = 100;
  const handOver = startHandOver(1_000, seededRandom('1'), () => nowMs);
  const toldAt = (ms: number): number => {
    nowMs = 100 + ms;
    return Array.from({ length: 2_000 }, () => handOver.tells()).filter(Boolean).length / 2_000;
  };
  expect(toldAt(0)).toBe(0);
  expect(toldAt(500)).toBeGreaterThan(0.45);
  expect(toldAt(500)).toBeLessThan(0.55);
  expect(toldAt(1_000)).toBe(1);
});

test('a connection asking at a steady rate is told after √(2·T·ln 2/r) in the median', () => {
  const [drainMs, requestsPerS] = [4_000, 20];
  const toldAfterMs = Array.from({ length: 2_000 }, (_, connection) => {
    let nowMs = 0;
    const handOver = startHandOver(drainMs, seededRandom(String(connection)), () => nowMs);
    do nowMs += 1000 / requestsPerS;
    while (!handOver.tells());
    return nowMs;
  }).sort((one, other) => one - other);
  const expectedMs = 1000 * Math.sqrt((2 * (drainMs / 1000) * Math.LN2) / requestsPerS);
  // 2000 connections: the median of so many is good to some 2 %, and responses come in steps of 50 ms.
  expect(Math.abs((toldAfterMs[1_000] ?? 0) - expectedMs)).toBeLessThan(50);
});
