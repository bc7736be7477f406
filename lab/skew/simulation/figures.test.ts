import { expect, test } from 'vitest';
import { evenOutFormula, figuresOf, spreadOf } from './figures.ts';
import { outcomeOf, parametersOf } from './outcome.ts';
import { readParameters } from './parameters.ts';
import type { Course } from './simulate.ts';

const given = readParameters({ clients: 1_000_000, backends: 10, hours: 1 });
const course = (peaks: number[], changes: [number, number] | [null, null] = [1, 2]): Course =>
  ({ peakOverFair: Float32Array.from(peaks), samples: [], end: Float32Array.from([0.5, 1.5]), dials: 0, unanswered: 0, firstChangeS: changes[0], lastChangeS: changes[1] });

test('the time to even out: nine tenths of the excess are gone, and do not come back', () => {
  // The excess over 1 is 1 at second 2. It is 0.1 or less at second 4, and from second 6 on for good.
  const peaks = [1, 3, 2, 1.5, 1.05, 1.2, 1.09, 1.01];
  expect(figuresOf(given, course(peaks))).toMatchObject({ peakOverFair: 3, peakAtS: 1, startOverFair: 1, endLeastOverFair: 0.5, evenOutS: 4 });
});

test("Jain's index and chi-squared p at the end: of connections, where each client has one", () => {
  // 50 and 150 connections: (200)² ÷ (2 × (50² + 150²)), and chi-squared 2 × 50² ÷ 100 = 50 with one degree of freedom.
  const few = readParameters({ clients: 200, backends: 2, hours: 1 });
  expect(figuresOf(few, course([1]))).toMatchObject({ endJainIndex: 0.8, endChi2p: expect.closeTo(1.537e-12, 14) as number });
  expect(figuresOf(readParameters({ ...few, balance: 'round-robin', pool: 2 }), course([1]))).toMatchObject({ endJainIndex: 0.8, endChi2p: null });
  // Chance alone, and then a rolling restart: the last backend has nothing.
  const end = (preset: string) => outcomeOf(parametersOf({ preset, remedies: [], given: {} }).cause, { seed: 1, seeds: 1 });
  expect(end('few-clients').endChi2p).toBeGreaterThan(0.001);
  expect(end('rolling-restart-once').endChi2p).toBe(0);
});

test('there is no time to even out where the load stays skewed, and none where nothing changed', () => {
  expect(figuresOf(given, course([1, 3, 2, 1.9]))).toMatchObject({ evenOutS: null, evenAtShare: expect.closeTo(0.1, 6) as number });
  expect(figuresOf(given, course([1, 1, 1, 1], [null, null]))).toMatchObject({ evenOutS: null, evenAtShare: null });
});

test('an excess that chance explains needs no time', () => {
  expect(figuresOf(given, course([1, 1, 1.005, 1]))).toMatchObject({ evenOutS: 0 });
});

test('the formulas', () => {
  const restart = { restarts: 1, trancheEveryS: 5, downS: 1 };
  const formula = (more: object) => evenOutFormula(readParameters({ ...restart, ...more }), 0.1);
  expect(formula({})).toMatchObject({ toS: Infinity });
  expect(formula({ maxAgeS: 3_600 })).toMatchObject({ fromS: 3_240 - 500, toS: 3_960 });
  expect(formula({ goaway: 0.001, rate: 2 })?.toS).toBeCloseTo(Math.log(10) / 0.002, 6);
  expect(formula({ lifetimeS: 100 })?.toS).toBeCloseTo(Math.log(10) * 100, 6);
  expect(formula({ maxRequests: 2_500, rate: 5 })).toMatchObject({ fromS: 0, toS: 530 });
  expect(formula({ maxAgeS: 3_600, lifetimeS: 100 })).toBeNull();
  expect(formula({ balance: 'round-robin' })).toMatchObject({ toS: 0 });
});

test.each(['max-age', 'max-requests', 'goaway', 'lifetime', 'round-robin', 'deterministic-subset', 'rendezvous'])('%s evens out in the time of its formula', (name) => {
  const { remedied: [remedied] } = parametersOf({ preset: 'rolling-restart-once', remedies: [name], given: {} });
  const { evenOutS, formula } = outcomeOf(remedied?.parameters ?? given, { seed: 1, seeds: 1 });
  // An eighth, because the peak is the fullest one of 100 backends, each of which varies by 3 %.
  expect(evenOutS ?? NaN).toBeGreaterThanOrEqual((formula?.fromS ?? NaN) * 0.875);
  expect(evenOutS ?? NaN).toBeLessThanOrEqual((formula?.toS ?? NaN) * 1.125);
});

test('without a remedy, and with p2c alone, a rolling restart never evens out', () => {
  const { cause, remedied } = parametersOf({ preset: 'rolling-restart-once', remedies: ['p2c'], given: { clients: 10_000 } });
  for (const parameters of [cause, ...remedied.map((each) => each.parameters)]) expect(outcomeOf(parameters, { seed: 1, seeds: 1 })).toMatchObject({ evenOutS: null, endLeastOverFair: 0 });
});

test('several seeds: mean and quantiles, and the run of the first seed', () => {
  const small = readParameters({ clients: 30, backends: 10, hours: 1 });
  const { peakOverFair, seeds } = outcomeOf(small, { seed: 3, seeds: 20 });
  expect(peakOverFair).toBe(outcomeOf(small, { seed: 3, seeds: 1 }).peakOverFair);
  const peaks = Array.from({ length: 20 }, (_, index) => outcomeOf(small, { seed: 3 + index, seeds: 1 }).peakOverFair);
  expect(seeds).toMatchObject({ count: 20, peakOverFair: spreadOf(peaks) });
});

test('quantiles are values that occurred', () => {
  expect(spreadOf(Array.from({ length: 20 }, (_, index) => 20 - index))).toEqual({ mean: 10.5, min: 1, p10: 2, median: 10, p90: 18, max: 20 });
  expect(spreadOf([])).toBeNull();
});
