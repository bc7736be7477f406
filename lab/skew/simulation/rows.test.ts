/** Published and derived results about skew, each held against the simulation. A tolerance is four standard deviations of the row's own distribution. */
import { describe, expect, test } from 'vitest';
import { rollingEnd, rollingPeak } from './figures.ts';
import { readParameters, type Parameters } from './parameters.ts';
import { remedies } from './presets.ts';
import { simulate, type Course } from './simulate.ts';
import { readSupermarket, simulateSupermarket, supermarketMeanTime } from './supermarket.ts';
import { churnOf } from './subsets.ts';

const run = (given: Partial<Parameters>, seed = '1'): Course => simulate(readParameters({ hours: 1, ...given }), seed);
const sampleAt = ({ samples }: Course, atS: number): number[] => [...(samples.findLast((sample) => sample.atS <= atS)?.overFair ?? [])];

/** `value` is within four standard deviations of `expected`. */
function expectNear(value: number, expected: number, sigma: number): void {
  expect(value).toBeGreaterThanOrEqual(expected - 4 * sigma - 1e-6);
  expect(value).toBeLessThanOrEqual(expected + 4 * sigma + 1e-6);
}

/** Holds the standard deviation of binomial counts against `sigma`. That of n counts varies by about 1 ÷ √(2n) of itself. */
function expectSigma(counts: readonly number[], mean: number, sigma: number): void {
  const measured = Math.sqrt(counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length);
  expectNear(measured, sigma, sigma / Math.sqrt(2 * counts.length));
}

describe('random and deterministic subsets', () => {
  test('300 clients, 300 backends, a random subset of 90: σ 7.94 (SRE book, chapter 20)', () => {
    const counts = ['1', '2', '3', '4', '5'].flatMap((seed) => [...run({ clients: 300, backends: 300, balance: 'random-subset', pool: 90 }, seed).end].map((load) => load * 90));
    expect(counts).toHaveLength(1_500);
    expectSigma(counts, 90, 7.94);
  });

  test('a deterministic subset of 10 of 300: exactly equal (SRE book, chapter 20)', () => {
    const { end } = run({ clients: 300, backends: 300, balance: 'deterministic-subset', pool: 10 });
    for (const load of end) expect(load).toBeCloseTo(1, 6);
  });

  // The published figures are those of p = 0.001: √(5 × 0.999) = 2.23, √(50 × 0.999) = 7.07, √(500 × 0.999) = 22.35.
  test.each([[5_000, 5, 2.235], [50_000, 50, 7.068], [500_000, 500, 22.35]])('%i clients with a random aperture of 1 of 1,000: mean %i, σ %f (Finagle, RandomAperture)', (clients, mean, sigma) => {
    expectSigma([...run({ clients, backends: 1_000, balance: 'random-subset', pool: 1 }).end].map((load) => load * mean), mean, sigma);
  });

  test('rendezvous: at most one entry of a client changes with a backend (gRPC A68), and other subsets change more', () => {
    const given = { clients: 2_000, backends: 100, size: 10, seed: '1' };
    const { mean, most } = churnOf('rendezvous', given);
    expect(most).toBe(1);
    // A client uses the backend that leaves with the probability 10/100.
    expectNear(mean, 0.1, Math.sqrt((0.1 * 0.9) / given.clients));
    expect(churnOf('deterministic-subset', given).most).toBeGreaterThan(1);
    expect(churnOf('random-subset', given).most).toBeGreaterThan(1);
  });
});

describe('random choice', () => {
  // The page speaks of the load that one server passes in 1 of 100 cases. The fullest one of 13 passes it in 11 of 100.
  test('1,000 items on 13 servers: 97 or fewer on a server in 99 of 100 cases (evanjones.ca)', () => {
    const aboveOne = (limit: number): number => 1 - oneAtMost(1_000, 13, limit);
    expect([aboveOne(96) > 0.01, aboveOne(97) > 0.01]).toEqual([true, false]);
    const seeds = 2_000;
    const counts = Array.from({ length: seeds }, (_, seed) => [...run({ clients: 1_000, backends: 13 }, String(seed)).end].map((load) => Math.round((load * 1_000) / 13)));
    const near = (shareAbove: number, expected: number, samples: number): void => { expectNear(shareAbove, expected, Math.sqrt((expected * (1 - expected)) / samples)); };
    for (const limit of [97, 96, 85, 77]) {
      near(counts.flat().filter((count) => count > limit).length / (seeds * 13), aboveOne(limit), seeds * 13);
      const aboveFullest = 1 - fullestAtMost(1_000, 13, limit);
      near(counts.filter((each) => Math.max(...each) > limit).length / seeds, aboveFullest, seeds);
    }
  });

  /** The probability that one of `servers` gets at most `limit` of `items` random items (binomial). */
  function oneAtMost(items: number, servers: number, limit: number): number {
    let [probability, sum] = [(1 - 1 / servers) ** items, 0];
    for (let count = 0; count <= limit; count++) {
      sum += probability;
      probability *= (items - count) / (count + 1) / (servers - 1);
    }
    return sum;
  }

  /** The probability that `items` random items put at most `limit` on each of `servers`. It adds the servers one by one: `ways[n]` stands for n items, divided by n!. */
  function fullestAtMost(items: number, servers: number, limit: number): number {
    const logFactorials = [0];
    for (let n = 1; n <= items; n++) logFactorials.push((logFactorials[n - 1] ?? 0) + Math.log(n));
    const logOf = (n: number): number => logFactorials[n] ?? 0;
    // Poisson weights with the mean of one server keep the numbers near 1.
    const mean = items / servers;
    const one = Array.from({ length: limit + 1 }, (_, n) => Math.exp(n * Math.log(mean) - mean - logOf(n)));
    let ways = [1];
    for (let server = 0; server < servers; server++) {
      const next = new Array<number>(Math.min(ways.length + limit, items + 1)).fill(0);
      for (const [n, way] of ways.entries()) for (const [more, weight] of one.entries()) if (n + more <= items) next[n + more] = (next[n + more] ?? 0) + way * weight;
      ways = next;
    }
    return (ways[items] ?? 0) / Math.exp(items * Math.log(items) - items - logOf(items));
  }

  // The variance of the mean queue of M/M/1 over the time T is 2ρ(1 + ρ) ÷ ((1 − ρ)^4 T). Two choices vary far less; 1 % is for the finite number of backends.
  test.each([[90, 1, 10, 1_000, 4_000], [90, 2, 2.614, 1_000, 4_000], [99, 1, 100, 50, 800_000], [99, 2, 5.432, 1_000, 6_000]])(
    'the supermarket model, %i of 100 busy, %i choice(s): mean time %f (Mitzenmacher 2001)', (utilisationPercent, choices, expected, backends, serviceTimes) => {
      const rho = utilisationPercent / 100;
      expect(supermarketMeanTime(rho, choices)).toBeCloseTo(expected, 3);
      const { meanTime } = simulateSupermarket(readSupermarket({ utilisationPercent, choices, backends, serviceTimes }), '1');
      const sigma = choices === 1 ? Math.sqrt((2 * rho * (1 + rho)) / ((1 - rho) ** 4 * (serviceTimes / 2) * backends)) / rho : expected / 400;
      expectNear(meanTime, expected, sigma);
    },
  );
});

describe('a rolling restart', () => {
  test('the arithmetic: 5/8, 3/8, 0 for three, peaks of 2, 2.25 and towards e, and a profile of e − e^t', () => {
    expect(rollingEnd(3).map((load) => load / 3)).toEqual([5 / 8, 3 / 8, 0].map((share) => expect.closeTo(share, 12) as number));
    expect([2, 3, 1e6].map(rollingPeak)).toEqual([2, 2.25, Math.E].map((peak) => expect.closeTo(peak, 4) as number));
    for (const [index, load] of rollingEnd(1_000).entries()) expect(load).toBeCloseTo(Math.E - Math.exp(index / 1_000), 2);
  });

  test.each([3, 4, 10, 100])('%i backends: the last one peaks at (n/(n − 1))^(n − 1), and the end is as the arithmetic has it', (backends) => {
    const clients = 200_000;
    const course = run({ clients, backends, restarts: 1, trancheEveryS: 30, downS: 10, hours: 2 });
    const fair = clients / backends;
    const lastRestartS = 600 + (backends - 1) * 30;
    const peak = rollingPeak(backends);
    expectNear(sampleAt(course, lastRestartS - 1).at(-1) ?? NaN, peak, Math.sqrt(peak / fair));
    for (const [backend, load] of rollingEnd(backends).entries()) expectNear(course.end[backend] ?? NaN, load, Math.sqrt(load / fair));
    expect(course.unanswered).toBe(0);
  });

  test.each([2, 3, 5, 10])('in %i groups, the peak of the last group is (k/(k − 1))^(k − 1)', (tranches) => {
    const clients = 120_000;
    const course = run({ clients, backends: 30, restarts: 1, tranches, trancheEveryS: 60, downS: 10 });
    const peak = rollingPeak(tranches);
    const last = sampleAt(course, 600 + (tranches - 1) * 60 - 1).slice(-30 / tranches);
    expectNear(last.reduce((sum, load) => sum + load, 0) / last.length, peak, Math.sqrt(peak / ((clients / 30) * last.length)));
  });

  test('a restarting backend that accepts: 37/81, 28/81, 16/81', () => {
    const clients = 81_000;
    const { end } = run({ clients, backends: 3, restarts: 1, downS: 0 });
    for (const [backend, share] of [37 / 81, 28 / 81, 16 / 81].entries()) expectNear((end[backend] ?? NaN) / 3, share, Math.sqrt((share * (1 - share)) / clients));
  });
});

describe('limits of connections', () => {
  const clients = 90_000;
  const restart = { clients, backends: 3, restarts: 1, firstRestartMin: 1, trancheEveryS: 2, downS: 1 } as const;
  const restartEndS = 66;

  test('GOAWAY with p = 0.001 at 2 requests per second: the excess falls as e^(−pqt), and a connection has 1,000 requests on average', () => {
    const hours = 1;
    const course = run({ ...restart, goaway: 0.001, rate: 2, hours });
    const [from, ...later] = course.samples.filter(({ atS }) => atS >= restartEndS);
    expect(later.length).toBeGreaterThan(100);
    for (const { atS, overFair } of later) {
      const kept = Math.exp(-0.002 * (atS - (from?.atS ?? 0)));
      for (const [backend, load] of overFair.entries()) {
        const start = from?.overFair[backend] ?? NaN;
        const [stays, comes] = [kept + (1 - kept) / 3, (1 - kept) / 3];
        const variance = (clients / 3) * (start * stays * (1 - stays) + (3 - start) * comes * (1 - comes));
        expectNear(load, 1 + (start - 1) * kept, Math.sqrt(variance) / (clients / 3));
      }
    }
    // The restart dialled again all connections of each backend in turn: 1 + 3/2 + 9/4 of a third, without those that GOAWAY had moved, which are few.
    const withoutGoaway = run({ ...restart, rate: 2, hours }).dials;
    const ends = course.dials - withoutGoaway;
    expectNear((clients * 2 * 3_600 * hours) / ends, 1_000, 1_000 / Math.sqrt(ends) + 2);
  });

  test('max age A ± 10 %, ages in step: the skew stays until 0.9 A and is gone at 1.1 A', () => {
    const course = run({ ...restart, maxAgeS: 1_800, hours: 1 });
    const peak = course.peakOverFair;
    for (let atS = restartEndS; atS < 60 + 1_620; atS++) expect(peak[atS]).toBe(peak[restartEndS]);
    expectNear(peak[restartEndS] ?? NaN, 15 / 8, Math.sqrt(3 / clients));
    for (const load of sampleAt(course, restartEndS + 1_980 + 15)) expectNear(load, 1, Math.sqrt(3 / clients));
  });

  test('max age A, ages spread: the load of the backend that was away grows in a straight line', () => {
    const course = run({ clients, backends: 3, rampMin: 60, maxAgeS: 3_600, ageJitterPercent: 0, failures: 1, failureMin: 1, hours: 4 }, '2');
    const [downS, upS] = [course.firstChangeS ?? NaN, course.lastChangeS ?? NaN];
    // Otherwise the clients have not all started, or the ages have gone round.
    expect(downS).toBeGreaterThan(3_600);
    const [away] = sampleAt(course, downS + 59).flatMap((load, backend) => (load === 0 ? [backend] : []));
    const growing = course.samples.filter(({ atS }) => atS >= upS && atS < downS + 3_500);
    expect(growing.length).toBeGreaterThan(50);
    for (const { atS, overFair } of growing) {
      // Two thirds of the connections are those of the other backends. One of three goes to the backend that was away.
      const share = ((2 / 3) * (atS - upS)) / 3_600;
      expectNear(overFair[away ?? NaN] ?? NaN, share, Math.sqrt((share + 0.01) / (clients / 3)));
    }
  });

  const limits = Object.entries(remedies).filter(([name]) => ['max-age', 'max-requests', 'goaway', 'lifetime'].includes(name));
  test.each(limits)('%s evens out to the skew of the answers: sorted clients stay at 2/3, 1/3, 0', (_, { parameters }) => {
    const cause = readParameters({ ...restart, returned: 2, commonBits: '30,26,22', hours: 6 });
    const { end, peakOverFair } = run({ ...cause, ...parameters(cause) });
    for (const [backend, share] of [2 / 3, 1 / 3, 0].entries()) expectNear((end[backend] ?? NaN) / 3, share, Math.sqrt((share * (1 - share)) / clients));
    // It was another skew after the restart.
    expect(Math.abs((peakOverFair[restartEndS] ?? NaN) - 2)).toBeGreaterThan(0.2);
  });
});
