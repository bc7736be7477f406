/** Tests what a bad link does to single frames: shares, delays, order, repeatability. The tests use no network. */
import { describe, expect, test } from 'vitest';
import { Lane, type FrameFacts, type ImpairmentName, type Impairments } from './impairments.ts';

const frame: FrameFacts = { family: 4, peer: 'c6336401', housekeeping: false, synAck: false, bytes: 1_000 };
const everything = { family: 0, direction: 'both' } as const;

function laneWith<Name extends ImpairmentName>(name: Name, value: Impairments[Name], seed = '1', direction: 'to' | 'from' = 'from'): Lane<number> {
  const lane = new Lane<number>(direction, seed);
  lane.set(name, value, 0);
  return lane;
}

/** Passes one frame, and returns its copies, which leave the lane at once. */
function pass(lane: Lane<number>, facts: Partial<FrameFacts>, atMs: number): { atMs: number; corrupt: boolean }[] {
  lane.pass(0, { ...frame, ...facts }, atMs);
  return lane.due(Infinity).map((departure) => ({ atMs: departure.atMs, corrupt: departure.corrupt }));
}

/** Passes `count` frames, one each millisecond, and returns for each frame the times at which it leaves. */
function departures(lane: Lane<number>, count: number, facts: Partial<FrameFacts> = {}): number[][] {
  return Array.from({ length: count }, (_, at) => pass(lane, facts, at).map(({ atMs }) => atMs));
}

/** Passes frames 0, 1, 2, … with one each millisecond; they stay under way. */
function fill(lane: Lane<number>, count: number, facts: Partial<FrameFacts> = {}): void {
  for (let at = 0; at < count; at++) lane.pass(at, { ...frame, ...facts }, at);
}

/** All frames under way, with the times at which they leave. */
const underWay = (lane: Lane<number>): [number, number][] => lane.due(Infinity).map(({ frame: each, atMs }) => [each, atMs]);

const lostOf = (all: readonly number[][]): number[] => all.flatMap((each, at) => (each.length === 0 ? [at] : []));

test('a healthy lane passes every frame at once', () => {
  expect(departures(new Lane<number>('to', '1'), 3)).toEqual([[0], [1], [2]]);
});

describe('a lane is clear for a family', () => {
  const clear = (lane: Lane<number>): [boolean, boolean] => [lane.isClear(4), lane.isClear(6)];

  test('while no impairment is in force for it in this direction', () => {
    expect(clear(new Lane<number>('to', '1'))).toEqual([true, true]);
    const lane = laneWith('loss', { family: 6, direction: 'from', percent: 0, burst: 1 });
    expect(clear(lane)).toEqual([true, false]);
    lane.set('delay', { family: 4, direction: 'both', delayMs: 0, jitterMs: 0 }, 0);
    expect(clear(lane)).toEqual([false, false]);
    lane.set('loss', null, 0);
    expect(clear(lane)).toEqual([false, true]);
    expect(clear(laneWith('loss', { ...everything, percent: 5, burst: 1 }, '1', 'to'))).toEqual([false, false]);
    expect(clear(laneWith('loss', { family: 0, direction: 'from', percent: 5, burst: 1 }, '1', 'to'))).toEqual([true, true]);
  });

  test('but not while the link goes down and up, which stops every frame', () => {
    expect(clear(laneWith('flap', { family: 6, direction: 'from', upMs: 10, downMs: 10 }, '1', 'to'))).toEqual([false, false]);
  });

  test('and not before the frames that an impairment of other options has held are gone, because a family keeps its order', () => {
    const lane = laneWith('delay', { family: 4, direction: 'both', delayMs: 100, jitterMs: 0 });
    lane.pass(1, frame, 0);
    lane.set('delay', { family: 6, direction: 'both', delayMs: 100, jitterMs: 0 }, 1);
    expect(clear(lane)).toEqual([false, false]);
    expect(lane.due(100)).toHaveLength(1);
    expect(clear(lane)).toEqual([true, false]);
  });
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
    const lost = (lane: Lane<number>, facts: Partial<FrameFacts> = {}): string => lostOf(departures(lane, 200, facts)).join(' ');
    const first = lost(laneWith('loss', loss));
    expect(lost(laneWith('loss', loss))).toBe(first);
    expect(lost(laneWith('loss', loss, '2'))).not.toBe(first);
    expect(lost(laneWith('loss', loss, '1', 'to'))).not.toBe(first);
    expect(lost(laneWith('loss', loss), { peer: 'c6336402' })).not.toBe(first);
  });
  test('of one peer does not depend on the frames of another peer', () => {
    const [alone, among] = [laneWith('loss', { ...everything, percent: 30, burst: 1 }), laneWith('loss', { ...everything, percent: 30, burst: 1 })];
    for (let at = 0; at < 100; at++) {
      pass(among, { peer: 'c63364fa' }, at);
      expect(pass(among, {}, at)).toEqual(pass(alone, {}, at));
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
  const all = Array.from({ length: 30 }, () => pass(lane, {}, 0).map(({ atMs }) => atMs));
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
  expect(pass(lane, { synAck: true }, 0)).toEqual([{ atMs: 300, corrupt: false }]);
  expect(pass(lane, {}, 1)).toEqual([{ atMs: 1, corrupt: false }]);
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
    expect(pass(laneWith('loss', { ...cut, ...scope }), facts, 5)).toEqual([{ atMs: 5, corrupt: false }]);
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

describe('a second impairment', () => {
  const late = { ...everything, delayMs: 100, jitterMs: 0 };
  const seldom = { ...everything, percent: 0.001, burst: 1 };

  test('does not send the frames that the first one holds, when it is put in force and when it heals', () => {
    const lane = laneWith('delay', late);
    fill(lane, 3);
    lane.set('loss', seldom, 3);
    expect(lane.due(99)).toEqual([]);
    lane.set('loss', null, 50);
    expect(lane.due(99)).toEqual([]);
    expect(underWay(lane)).toEqual([[0, 100], [1, 101], [2, 102]]);
  });

  test('does not change a burst of losses', () => {
    const burst = { ...everything, percent: 50, burst: 20 };
    const lost = (between: (lane: Lane<number>) => void): number[] => {
      const lane = laneWith('loss', burst);
      return Array.from({ length: 400 }, (_, at) => at).filter((at) => {
        if (at % 10 === 0) between(lane);
        return pass(lane, {}, at).length === 0;
      });
    };
    const undisturbed = lost(() => undefined);
    expect(undisturbed.length).toBeGreaterThan(50);
    expect(lost((lane) => { lane.set('delay', late, 0); })).toEqual(undisturbed);
    expect(lost((lane) => { lane.set('delay', null, 0); })).toEqual(undisturbed);
  });

  test('does not empty the queue of a narrow link', () => {
    // 1000 bytes at 80 kbit/s: 100 ms each.
    const lane = laneWith('throttle', { ...everything, rateKbit: 80 });
    fill(lane, 2);
    lane.set('duplicate', { ...everything, percent: 0 }, 2);
    lane.pass(2, frame, 2);
    lane.set('duplicate', null, 3);
    lane.pass(3, frame, 3);
    expect(underWay(lane)).toEqual([[0, 100], [1, 200], [2, 300], [3, 400]]);
  });

  test('does not move a flapping link to another phase', () => {
    const lane = laneWith('flap', { ...everything, upMs: 300, downMs: 100 });
    const flapping = departures(laneWith('flap', { ...everything, upMs: 300, downMs: 100 }), 1_000);
    expect(Array.from({ length: 1_000 }, (_, at) => {
      if (at === 250) lane.set('loss', { ...everything, percent: 0, burst: 1 }, at);
      if (at === 500) lane.set('loss', null, at);
      return pass(lane, {}, at).map(({ atMs }) => atMs);
    })).toEqual(flapping);
  });
});

describe('healing one of two impairments takes its own part from the frames under way', () => {
  test('a delay behind a narrow link: they leave as the link lets them', () => {
    const lane = laneWith('throttle', { ...everything, rateKbit: 80 });
    lane.set('delay', { ...everything, delayMs: 1_000, jitterMs: 0 }, 0);
    fill(lane, 3);
    lane.set('delay', null, 150);
    expect(lane.due(150)).toMatchObject([{ frame: 0 }]);
    expect(underWay(lane)).toEqual([[1, 200], [2, 300]]);
  });

  test('a narrow link before a delay with jitter: they leave after their delays, in order', () => {
    const lane = laneWith('delay', { ...everything, delayMs: 100, jitterMs: 50 });
    lane.set('throttle', { ...everything, rateKbit: 800 }, 0);
    fill(lane, 50);
    lane.set('throttle', null, 50);
    const left = underWay(lane);
    expect(left.map(([number]) => number)).toEqual(Array.from({ length: 50 }, (_, at) => at));
    const alone = laneWith('delay', { ...everything, delayMs: 100, jitterMs: 50 });
    fill(alone, 50);
    expect(left).toEqual(underWay(alone));
    // A frame that comes now does not wait for the queue that is gone.
    expect(pass(lane, {}, 60)[0]?.atMs).toBeLessThanOrEqual(60 + 150);
  });

  test('frames that were held back to be reordered leave; the others keep their order', () => {
    const lane = laneWith('reorder', { ...everything, percent: 30, heldMs: 500 });
    fill(lane, 100);
    expect(lane.due(Infinity).map(({ frame: each }) => each)).not.toEqual(Array.from({ length: 100 }, (_, at) => at));
    fill(lane, 100);
    lane.set('reorder', null, 100);
    expect(lane.nextMs).toBe(0);
    expect(underWay(lane)).toEqual(Array.from({ length: 100 }, (_, at) => [at, at]));
    expect(lane.nextMs).toBe(Infinity);
  });
});
