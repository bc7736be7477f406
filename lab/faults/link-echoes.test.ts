import { expect, test } from 'vitest';
import { longestSilenceMs } from './link-echoes.ts';

/** A ping whose echoes left at these times. Null: the echo did not come back. */
const pinged = (...leftMs: (number | null)[]): Parameters<typeof longestSilenceMs>[0] => ({
  sent: leftMs.length, echoes: leftMs.flatMap((at, sequence) => (at === null ? [] : [{ sequence, rttMs: 0.5, sinceMs: at + 0.5 }])),
});

test.each([
  ['all came back', pinged(0, 10, 20, 30), 0],
  ['all came back, and the machine stood still meanwhile', pinged(0, 10, 400, 410), 0],
  ['some in the middle did not', pinged(0, 10, null, null, null, 50, 60), 40],
  ['one did not, and the machine stood still meanwhile', pinged(0, 10, null, 210, 220), 200],
  ['the first ones did not', pinged(null, null, 20, 30), 20],
  ['the last ones did not', pinged(0, 10, null, null, null), 30],
  ['none did', pinged(null, null, null), 20],
])('%s', (_what, result, silenceMs) => {
  expect(longestSilenceMs(result, 10)).toBe(silenceMs);
});
