/** Tests what a bad link does to single frames: shares, delays, order, repeatability. The tests use no network. */
import { describe, expect, test } from 'vitest';
import { Lane, type FrameFacts, type ImpairmentName, type Impairments } from './impairments.ts';

const frame: FrameFacts = { family: 4, peer: 'c6336401', housekeeping: false, synAck: false, bytes: 1_000 };
const everything = { family: 0, direction: 'both' } as const;

function laneWith<Name extends ImpairmentName>(name: Name, value: Impairments[Name], seed = '1', direction: 'to' | 'from' = 'from'): Lane {
  const lane = new Lane(direction, seed);
  lane.set(name, value, 0);
  return lane;
}

/** Passes `count` frames, one each millisecond, and returns for each frame the times at which it leaves. */
function departures(lane: Lane, count: number, facts: Partial<FrameFacts> = {}): number[][] {
  return Array.from({ length: count }, (_, at) => lane.pass({ ...frame, ...facts }, at).map(({ atMs }) => atMs));
}

const lostOf = (all: readonly number[][]): number[] => all.flatMap((each, at) => (each.length === 0 ? [at] : []));

test('a healthy lane passes every frame at once', () => {
  expect(departures(new Lane('to', '1'), 3)).toEqual([[0], [1], [2]]);
});

describe('delay', () => {
  test('is exact', () => {
    expect(departures(laneWith('delay', { ...everything, delayMs: 100, jitterMs: 0 }), 3)).toEqual([[100], [101], [102]]);
  });
  test('with a jitter stays within its bounds and keeps the order', () => {
    const times = departures(laneWith('delay', { ...everything, delayMs: 100, jitterMs: 50 }), 1_000).flat();
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const late = times.map((atMs, at) => atMs - at);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...late)).toBeLessThanOrEqual(150);
  });
});

describe('loss', () => {
  test.each([[5, 1], [20, 1], [20, 5], [50, 3]])('of %i %%, %i in a row: the share and the length of a burst are as requested', (percent, burst) => {
    const lost = lostOf(departures(laneWith('loss', { ...everything, percent, burst }), 100_000));
    // Bursts make the share vary more. With 100,000 frames it varies by about a twentieth.
    expect(lost.length / 1_000 / percent).toBeGreaterThan(0.93);
    expect(lost.length / 1_000 / percent).toBeLessThan(1.07);
    const runs = lost.filter((at, index) => lost[index - 1] !== at - 1).length;
    const expected = burst === 1 ? 1 / (1 - percent / 100) : burst;
    expect(lost.length / runs / expected).toBeGreaterThan(0.93);
    expect(lost.length / runs / expected).toBeLessThan(1.07);
  });
  test.each([1, 4])('of 100 %%, %i in a row: every frame is lost', (burst) => {
    expect(lostOf(departures(laneWith('loss', { ...everything, percent: 100, burst }), 100)).length).toBe(100);
  });
  test('repeats with its seed, and differs by seed, direction and peer', () => {
    const loss = { ...everything, percent: 30, burst: 1 };
    const lost = (lane: Lane, facts: Partial<FrameFacts> = {}): string => lostOf(departures(lane, 200, facts)).join(' ');
    const first = lost(laneWith('loss', loss));
    expect(lost(laneWith('loss', loss))).toBe(first);
    expect(lost(laneWith('loss', loss, '2'))).not.toBe(first);
    expect(lost(laneWith('loss', loss, '1', 'to'))).not.toBe(first);
    expect(lost(laneWith('loss', loss), { peer: 'c6336402' })).not.toBe(first);
  });
  test('of one peer does not depend on the frames of another peer', () => {
    const [alone, among] = [laneWith('loss', { ...everything, percent: 30, burst: 1 }), laneWith('loss', { ...everything, percent: 30, burst: 1 })];
    for (let at = 0; at < 100; at++) {
      among.pass({ ...frame, peer: 'c63364fa' }, at);
      expect(among.pass(frame, at)).toEqual(alone.pass(frame, at));
    }
  });
});

test('a duplicated frame leaves twice at the same time', () => {
  const all = departures(laneWith('duplicate', { ...everything, percent: 25 }), 10_000);
  expect(new Set(all.map(({ length }) => length))).toEqual(new Set([1, 2]));
  const twice = all.filter(({ length }) => length === 2);
  expect(twice.length / 2_500).toBeGreaterThan(0.9);
  expect(twice.length / 2_500).toBeLessThan(1.1);
  expect(twice.every(([first, second]) => first === second)).toBe(true);
});

test('later frames overtake a frame that is held back, and are not delayed', () => {
  const all = departures(laneWith('reorder', { ...everything, percent: 25, heldMs: 10 }), 1_000).flat();
  const late = all.map((atMs, at) => atMs - at);
  expect(new Set(late)).toEqual(new Set([0, 10]));
  expect(late.filter((ms) => ms === 10).length).toBeGreaterThan(180);
});

test('a slow link passes one frame after the other, and drops a frame that would wait more than 2 s', () => {
  // 1000 bytes at 80 kbit/s: 100 ms each.
  const lane = laneWith('throttle', { ...everything, rateKbit: 80 });
  const all = Array.from({ length: 30 }, () => lane.pass(frame, 0).map(({ atMs }) => atMs));
  expect(all.slice(0, 3)).toEqual([[100], [200], [300]]);
  expect(lostOf(all)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29]);
});

test('a flapping link is down for its part of each cycle, in both directions at the same time, for housekeeping too', () => {
  const flap = { ...everything, upMs: 300, downMs: 100 };
  const down = departures(laneWith('flap', flap), 4_000).map(({ length }) => length === 0);
  expect(down.filter(Boolean).length).toBe(1_000);
  expect(departures(laneWith('flap', flap, '1', 'to'), 4_000, { housekeeping: true }).map(({ length }) => length === 0)).toEqual(down);
  expect(departures(laneWith('flap', flap, '2'), 4_000).map(({ length }) => length === 0)).not.toEqual(down);
});

test('a slow handshake delays SYN-ACKs and nothing else', () => {
  const lane = laneWith('slow-handshake', { ...everything, delayMs: 300 });
  expect(lane.pass({ ...frame, synAck: true }, 0)).toEqual([{ atMs: 300, corrupt: false }]);
  expect(lane.pass(frame, 1)).toEqual([{ atMs: 1, corrupt: false }]);
});

describe('scope', () => {
  const cut = { percent: 100, burst: 1 };
  test.each([
    [{ family: 4, direction: 'from' }, { family: 6 }],
    [{ family: 6, direction: 'from' }, { family: 4 }],
    [{ family: 0, direction: 'to' }, {}],
    [{ family: 0, direction: 'both' }, { housekeeping: true }],
    [{ family: 0, direction: 'both' }, { family: null }],
  ] as const)('an impairment with %j does not affect a frame with %j', (scope, facts) => {
    expect(laneWith('loss', { ...cut, ...scope }).pass({ ...frame, ...facts }, 5)).toEqual([{ atMs: 5, corrupt: false }]);
  });
});

test('two impairments act together, and removing one leaves the other in force', () => {
  const lane = laneWith('delay', { ...everything, delayMs: 100, jitterMs: 0 });
  lane.set('loss', { ...everything, percent: 50, burst: 1 }, 0);
  const both = departures(lane, 1_000);
  expect(lostOf(both).length).toBeGreaterThan(400);
  expect(both.flat().every((atMs) => atMs >= 100)).toBe(true);
  lane.set('loss', null, 0);
  expect(departures(lane, 2)).toEqual([[100], [101]]);
  lane.set('delay', null, 0);
  expect(departures(lane, 2)).toEqual([[0], [1]]);
});
