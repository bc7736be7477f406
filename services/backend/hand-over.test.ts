import { expect, test } from 'vitest';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { startHandOver } from './hand-over.ts';

test('no response tells its connection to close at the start of the drain, half of the responses do after half of it, and all do at its end', () => {
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

test('a connection with r requests a second is told to close after √(2·T·ln 2/r) in the median, where T is the drain time', () => {
  const [drainMs, requestsPerS] = [4_000, 20];
  const toldAfterMs = Array.from({ length: 2_000 }, (_, connection) => {
    let nowMs = 0;
    const handOver = startHandOver(drainMs, seededRandom(String(connection)), () => nowMs);
    do nowMs += 1000 / requestsPerS;
    while (!handOver.tells());
    return nowMs;
  }).sort((one, other) => one - other);
  const expectedMs = 1000 * Math.sqrt((2 * (drainMs / 1000) * Math.LN2) / requestsPerS);
  // The median of 2000 connections has an error of some 2 %, and responses come in steps of 50 ms.
  expect(Math.abs((toldAfterMs[1_000] ?? 0) - expectedMs)).toBeLessThan(50);
});
