import { availableParallelism } from 'node:os';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sideBySide, type Machine } from './side-by-side.ts';

const signal = new AbortController().signal;
const idle: Machine = { runnable: () => 0, freeMemory: () => 1 };
const busy: Machine = { ...idle, runnable: () => availableParallelism() };

/** Pieces that end when they are let go. Tells which ones have begun. */
function held(count: number) {
  const begun: number[] = [];
  const gates = Array.from({ length: count }, () => Promise.withResolvers<undefined>());
  return { pieces: gates.map((_, index) => index), begun, end: (index: number) => { gates[index]?.resolve(undefined); }, fail: (index: number) => { gates[index]?.reject(new Error(`piece ${index}`)); }, work: async (index: number) => { begun.push(index); await gates[index]?.promise; } };
}

async function untilBegun(begun: readonly number[], count: number): Promise<void> {
  while (begun.length < count) await sleep(10);
}

test('on an idle machine pieces that only wait are all at work together', async () => {
  const { pieces, begun, end, work } = held(4);
  const crowd = sideBySide(pieces, { signal, machine: idle }, work);
  await untilBegun(begun, 4);
  pieces.forEach(end);
  expect(await crowd).toEqual({ mostAtOnce: 4, meanLoad: 0 });
});

test.each([
  ['a machine that is busy with something else', { machine: busy }],
  ['a machine without free memory', { machine: { ...idle, freeMemory: () => 0.1 } }],
  ['a limit of one', { machine: idle, atMost: 1 }],
])('on %s they come one after the other', async (_what, given) => {
  let [atWork, most] = [0, 0];
  const { mostAtOnce } = await sideBySide([1, 2, 3], { signal, ...given }, async () => {
    most = Math.max(most, ++atWork);
    await sleep(1_000);
    atWork--;
  });
  expect([most, mostAtOnce]).toEqual([1, 1]);
});

test('after a burst a piece waits until the load is below the number of cores, also where no task is runnable at the moment', async () => {
  let looks = 0;
  const bursts: Machine = { ...idle, runnable: () => (++looks <= 3 ? 7 * availableParallelism() : 0) };
  const { pieces, begun, end, work } = held(2);
  const crowd = sideBySide(pieces, { signal, machine: bursts }, work);
  await untilBegun(begun, 2);
  // Three looks at seven tasks for each core are nine tenths of a task for each core over 23 looks.
  expect(looks).toBeGreaterThanOrEqual(23);
  pieces.forEach(end);
  await crowd;
});

test('pieces that compute, one after the other, keep the load below the number of cores, too', async () => {
  let atWork = 0;
  const computing: Machine = { ...idle, runnable: () => atWork * 3 * availableParallelism() };
  const { mostAtOnce, meanLoad } = await sideBySide([1, 2, 3], { signal, machine: computing }, async () => {
    atWork++;
    await sleep(500);
    atWork--;
  });
  expect(mostAtOnce).toBe(1);
  expect(meanLoad).toBeLessThan(availableParallelism());
});

test('on a machine that stays busy a piece does not wait for those before it to end', async () => {
  const { pieces, begun, end, work } = held(2);
  const crowd = sideBySide(pieces, { signal, machine: busy }, work);
  await untilBegun(begun, 2);
  pieces.forEach(end);
  expect((await crowd).mostAtOnce).toBe(2);
});

test('what a piece throws is thrown when the others have ended, and no further piece begins', async () => {
  const { pieces, begun, end, fail, work } = held(3);
  const crowd = sideBySide(pieces, { signal, machine: idle, atMost: 2 }, work);
  let isOver = false;
  crowd.catch(() => undefined).finally(() => { isOver = true; });
  await untilBegun(begun, 2);
  fail(1);
  await turn();
  expect(isOver).toBe(false);
  end(0);
  await expect(crowd).rejects.toThrow('piece 1');
  expect(begun).toEqual([0, 1]);
});

test('after an interruption no further piece begins', async () => {
  const over = new AbortController();
  const begun: number[] = [];
  await sideBySide([1, 2], { signal: over.signal, machine: busy }, async (piece) => {
    begun.push(piece);
    over.abort();
    await turn();
  });
  expect(begun).toEqual([1]);
});

test('this machine tells its load and its memory', async () => {
  const { meanLoad } = await sideBySide([1], { signal }, () => sleep(300));
  expect(meanLoad).toBeGreaterThanOrEqual(0);
});
