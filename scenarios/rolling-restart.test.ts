/** The arithmetic of the explanation, compared with a simulation that redials at random. */
import { expect, test } from 'vitest';
import { fitsShares } from '../lab/analysis/skew.ts';
import { seededRandom, shuffled } from '../lab/vocabulary/random.ts';
import { ways } from './rolling-restart.ts';

const backends = [0, 1, 2];

/** Starts with `perBackend` connections on each backend and restarts every backend once. Returns how many connections each has in the end. */
function simulate(perBackend: number, acceptsMeanwhile: boolean, seed: string): number[] {
  const random = seededRandom(seed);
  let connections = backends.flatMap((backend) => Array<number>(perBackend).fill(backend));
  for (const restarting of backends) {
    connections = connections.map((backend) => {
      if (backend !== restarting) return backend;
      return shuffled(backends, random).find((to) => acceptsMeanwhile || to !== restarting) as number;
    });
  }
  return backends.map((backend) => connections.filter((each) => each === backend).length);
}

test('the shares are those of a simulation with uniform redials', () => {
  expect(fitsShares(simulate(100_000, true, '1'), ways.accepting.shares)).toBe(true);
  expect(fitsShares(simulate(100_000, false, '1'), ways.down.shares)).toBe(true);
  for (const { shares } of Object.values(ways)) expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
});

test('the 300 connections of the scenario tell the two ways apart, with each of 500 seeds', () => {
  const seeds = Array.from({ length: 500 }, (_, index) => String(index));
  const fitting = (acceptsMeanwhile: boolean, shares: readonly number[]): number => seeds.filter((seed) => fitsShares(simulate(100, acceptsMeanwhile, seed), shares)).length;
  expect([fitting(true, ways.accepting.shares), fitting(true, ways.down.shares)]).toEqual([500, 0]);
  expect([fitting(false, ways.down.shares), fitting(false, ways.accepting.shares)]).toEqual([500, 0]);
  // The milder way cannot be told from an even load in some 6 of 100 runs.
  expect(fitting(true, [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(50);
  expect(fitting(false, [1 / 3, 1 / 3, 1 / 3])).toBe(0);
});
