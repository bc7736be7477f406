import { expect, test } from 'vitest';
import { seededRandom } from '../vocabulary/random.ts';
import { firstIndex, stepPx, trueScale, warpedScale, type Scale } from './scale.ts';

const random = seededRandom('scale');

/** Times as runs have them: pairs that are almost equal, equal ones, steps of a tenth of a millisecond, waits of seconds. */
function timesLikeARun(count: number): number[] {
  let ms = 0;
  return Array.from({ length: count }, () => {
    const draw = random();
    ms += draw < 0.2 ? 0 : draw < 0.4 ? 0.0004 : draw < 0.9 ? random() * 0.5 : random() * 2_000;
    return Math.round(ms * 1_000) / 1_000;
  });
}

function expectStrictlyMonotonic({ knotsMs, placeOf, msAt, startMs, endMs }: Scale): void {
  expect(new Set(knotsMs).size).toBe(knotsMs.length);
  const places = knotsMs.map(placeOf);
  expect(places.every((place, index) => index === 0 || place > (places[index - 1] ?? 1))).toBe(true);
  expect([placeOf(startMs), placeOf(endMs)]).toEqual([0, 1]);
  expect([msAt(0), msAt(1)]).toEqual([startMs, endMs]);
}

test.each([2, 3, 40, 1_000, 20_000])('over %i times the scale is strictly monotonic in both directions, and no two knots are equal', (count) => {
  const times = timesLikeARun(count);
  const scale = warpedScale([...times, ...times].sort(() => random() - 0.5), Math.min(...times), Math.max(...times) + 0.0003);
  expectStrictlyMonotonic(scale);
  const [begin, end] = [scale.startMs, scale.endMs];
  let lastPlace = -1;
  for (let step = 0; step <= 2_000; step++) {
    const ms = begin + ((end - begin) * step) / 2_000;
    const place = scale.placeOf(ms);
    expect(place).toBeGreaterThan(lastPlace);
    expect(scale.msAt(place)).toBeCloseTo(ms, 5);
    lastPlace = place;
  }
});

test('a scale over nothing, over one moment, and over times outside of it', () => {
  for (const scale of [warpedScale([], 0, 0), warpedScale([5, 5, 5], 5, 5), warpedScale([-9, 99], 0, 10), trueScale(3, 3), trueScale(0, 1e-9)]) expectStrictlyMonotonic(scale);
  expect(warpedScale([-9, 0, 4, 4, 10, 99], 0, 10).knotsMs).toEqual([0, 4, 10]);
});

test('a time outside the axis has the place of the nearer end', () => {
  const scale = warpedScale([1, 2], 0, 3);
  expect([scale.placeOf(-5), scale.placeOf(7), scale.msAt(-1), scale.msAt(2)]).toEqual([0, 1, 0, 3]);
});

test('a wait of 90 ms is as wide as its words need, and a step of 0.3 ms can still be seen beside a wait of 10 s', () => {
  expect(stepPx(90)).toBeGreaterThanOrEqual(54);
  expect(stepPx(89)).toBeGreaterThan(54);
  expect(stepPx(10_000) / stepPx(0.3)).toBeLessThan(20);
});

test('true to time, equal times have equal widths', () => {
  const { placeOf } = trueScale(0, 200);
  expect([placeOf(50), placeOf(100), placeOf(150)]).toEqual([0.25, 0.5, 0.75]);
});

test('bisection finds the first element, also where there is none', () => {
  expect([firstIndex([1, 2, 2, 3], (each) => each >= 2), firstIndex([1], (each) => each > 5), firstIndex([], () => true)]).toEqual([1, 1, 0]);
});
