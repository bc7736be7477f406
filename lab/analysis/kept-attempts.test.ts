/** Whether a client keeps an attempt when it begins the next one. The times are those of packets of Linux 6.18, where nothing came back from the first address. */
import { expect, test } from 'vitest';
import { keptAttempts, type WireAttempt } from './wire-attempts.ts';

const attempt = (address: string, synsMs: number[], endMs: number | null = null): WireAttempt => ({
  address, family: 4, localPort: 40_000, startMs: synsMs[0] ?? 0, endMs, outcome: endMs === null ? 'silent' : 'connected', synCount: synsMs.length, synsMs, requests: 0, isUnused: false, dial: 1,
});
const kernelsSyns = [0, 1_012, 2_036, 3_060, 4_084, 5_108, 7_128, 11_352, 19_540, 35_669, 68_441];

test.each([
  ['a client that tries both at once', [0, 1_010, 2_030], 250, 3_000, true],
  ['a client that gives up the first attempt after 10 s, when the second one is silent, too', [0, 1_020, 2_050, 3_060, 4_090, 5_110, 7_160], 10_000, 20_000, false],
  ['a client whose second attempt connects before the first one would send again', [0], 250, 251, null],
  // After its last SYN the kernel waits twice as long as before it. These 66.5 s are 2.03 times the interval before.
  ['a client that goes on when the kernel has given up', kernelsSyns, 134_975, 134_976, null],
  ['a client that goes on when the kernel has given up, and whose second attempt is silent, too', kernelsSyns, 134_975, 270_000, null],
])('%s', (_what, synsMs, nextMs, overMs, kept) => {
  // The second attempt connects at once, or never.
  const connects = overMs - nextMs <= 1;
  expect(keptAttempts([attempt('198.51.100.11', synsMs), attempt('198.51.100.12', [nextMs], connects ? overMs : null)], overMs)).toBe(kept);
});
