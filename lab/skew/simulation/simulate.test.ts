/** The parts of the simulation: answers, caches, preferences, pools, outages. Shares are those of "first address used" arithmetic. */
import { describe, expect, test } from 'vitest';
import { fitsShares } from '../../analysis/skew.ts';
import { readParameters, type Parameters } from './parameters.ts';
import { simulate, type Course } from './simulate.ts';

const clients = 30_000;
const run = (given: Partial<Parameters>, seed = '1'): Course => simulate(readParameters({ clients, backends: 3, hours: 1, ...given }), seed);
const countsOf = ({ end }: Course, total = clients): number[] => [...end].map((load) => Math.round((load * total) / end.length));

test('the same seed gives the same course, and another seed another one', () => {
  const given = { restarts: 1, goaway: 0.001, policy: 'subset-first', cacheClients: 7, failures: 3 } as const;
  expect(run(given)).toEqual(run(given));
  expect(run(given, '2')).not.toEqual(run(given));
});

describe('the share of each backend, of three', () => {
  test.each<[string, Partial<Parameters>, number[]]>([
    ['two of three, shuffled', { returned: 2 }, [1 / 3, 1 / 3, 1 / 3]],
    ['strict ranking, two of three', { returned: 2, commonBits: '30,26,22' }, [2 / 3, 1 / 3, 0]],
    ['one winner, two tied, two of three', { returned: 2, commonBits: '22,30,22' }, [1 / 6, 2 / 3, 1 / 6]],
    ['all three returned and sorted', { commonBits: '22,26,30' }, [0, 0, 1]],
    ['equal ranks keep the order of the answer', { policy: 'fixed', commonBits: '22,22,22' }, [1, 0, 0]],
    ['cut to two before the shuffle', { returned: 2, policy: 'subset-first' }, [1 / 2, 1 / 2, 0]],
    ['shuffle off', { returned: 2, policy: 'fixed' }, [1, 0, 0]],
    ['rotated', { returned: 2, policy: 'rotate' }, [1 / 3, 1 / 3, 1 / 3]],
    ['shuffle off, and the client shuffles two of three', { returned: 2, policy: 'fixed', clientShuffle: true }, [1 / 2, 1 / 2, 0]],
    ['sorted, and the client shuffles', { returned: 2, commonBits: '30,26,22', clientShuffle: true }, [1 / 3, 1 / 3, 1 / 3]],
    ['two positions', { commonBits: '30,22,22/22,22,30' }, [1 / 2, 0, 1 / 2]],
    ['half of the clients prefer IPv6, which one backend has', { ipv6Backends: 1, ipv6Percent: 50 }, [2 / 3, 1 / 6, 1 / 6]],
    ['the same, sorted by position within a family', { ipv6Backends: 2, ipv6Percent: 50, commonBits: '20,26,30' }, [0, 1 / 2, 1 / 2]],
    ['one cache for all clients', { cacheClients: clients, policy: 'rotate' }, [1, 0, 0]],
    ['caches of a hundred clients', { cacheClients: 100, policy: 'rotate' }, [1 / 3, 1 / 3, 1 / 3]],
    ['sorted behind a cache that has the first two', { cacheClients: clients, returned: 2, policy: 'subset-first', commonBits: '22,26,30' }, [0, 1, 0]],
  ])('%s', (_, given, shares) => {
    const counts = countsOf(run(given));
    expect({ counts, fits: fitsShares(counts, shares) }).toEqual({ counts, fits: true });
  });

  // Destinations 172.18.2.38, .2.209, .1.10, .1.37. The page does not say how many addresses an answer had, so the ranking is held, and not the shares.
  test.each([
    ['172.18.1.9', '22,22,30,26', [0, 0, 58, 0]], ['172.18.1.34', '22,22,26,29', [0, 0, 9, 25]], ['172.18.2.137', '24,25,22,22', [0, 100, 0, 0]],
    ['172.18.1.18', '22,22,27,26', [0, 0, 59, 0]], ['172.18.1.96', '22,22,25,25', [0, 0, 49, 5]], ['172.18.2.22', '26,24,22,22', [100, 0, 0, 0]],
    ['172.18.2.66', '25,24,22,22', [100, 0, 0, 0]], ['172.18.2.50', '27,24,22,22', [100, 0, 0, 0]],
  ])('rule 9 from %s, as published (Grab engineering, 2017)', (_, commonBits, published) => {
    const counts = countsOf(run({ backends: 4, commonBits }));
    const fullest = (each: readonly number[]): number[] => each.flatMap((count, backend) => (count > 0 && count === Math.max(...each) ? [backend] : []));
    const used = counts.flatMap((count, backend) => (count > 0 ? [backend] : []));
    expect(used).toEqual(expect.arrayContaining(fullest(published)));
    // Nothing that is farther away than the fullest backend gets anything, unless an answer lacks the nearest one.
    const bits = commonBits.split(',').map(Number);
    expect(used).toEqual(bits.flatMap((each, backend) => (each === Math.max(...bits) ? [backend] : [])));
  });
});

describe('caches', () => {
  const cached = { cacheClients: clients, ttlS: 60, policy: 'rotate', rampMin: 3 } as const;

  test('one cache gives each new connection the same address for the time to live, and then the next one', () => {
    const { samples } = run(cached);
    const used = (atS: number): number => samples.find((sample) => sample.atS === atS)?.overFair.filter((load) => load > 0).length ?? NaN;
    expect([45, 105, 165].map(used)).toEqual([1, 2, 3]);
  });

  test('with a time to live of 0, a cache changes nothing', () => {
    const { samples } = run({ ...cached, ttlS: 0 });
    expect(samples.find(({ atS }) => atS === 45)?.overFair.filter((load) => load > 0)).toHaveLength(3);
  });
});

describe('outages', () => {
  test('a backend that is down gets nothing, and a client that keeps its connection does not come back to it', () => {
    const { samples, end, firstChangeS, lastChangeS } = run({ failures: 1, failureMin: 10 });
    expect((lastChangeS ?? NaN) - (firstChangeS ?? NaN)).toBe(600);
    expect([...end].filter((load) => load === 0)).toHaveLength(1);
    for (const { atS, overFair } of samples) expect(overFair.filter((load) => load === 0)).toHaveLength(atS < (firstChangeS ?? NaN) ? 0 : 1);
  });

  test('the first backend that is up takes every client that waits', () => {
    expect(countsOf(run({ startEveryS: 60 }))).toEqual([clients, 0, 0]);
  });

  test('a client whose answer has only addresses that are down tries again every second, and counts as unanswered', () => {
    // The answer holds backend-1 alone. It is down for ten seconds from minute 10 on.
    const course = run({ policy: 'fixed', returned: 1, restarts: 1 });
    expect(course.unanswered).toBe(clients * 10);
    expect(course.dials).toBe(2 * clients);
    expect(countsOf(course)).toEqual([clients, 0, 0]);
    expect(course.peakOverFair[605]).toBe(0);
  });
});

describe('pools', () => {
  test('each client divides its requests, also while one of its connections is lost: the load of all is the load of the clients', () => {
    const { samples, peakOverFair } = run({ balance: 'round-robin', pool: 3, restarts: 1, trancheEveryS: 60, downS: 30 });
    for (const { overFair } of samples) expect(overFair.reduce((sum, load) => sum + load, 0)).toBeCloseTo(3, 4);
    // Two backends carry what three carried, and then all three the same again.
    expect(peakOverFair[600]).toBeCloseTo(1.5, 4);
    expect(peakOverFair.at(-1)).toBeCloseTo(1, 4);
  });

  test('a pool of all backends holds each one once, however often its connections end', () => {
    const { dials, end } = run({ balance: 'round-robin', backends: 4, pool: 4, clients: 1_000, lifetimeS: 600 });
    // 4,000 connections that live for 600 s, and an hour.
    expect(dials).toBeGreaterThan(20_000);
    for (const load of end) expect(load).toBeCloseTo(1, 6);
  });

  test('a pool from DNS asks again when a limit ends a connection', () => {
    const given = { balance: 'round-robin', backends: 10, returned: 4, pool: 3, clients: 1_000, hours: 4 } as const;
    const [once, renewed] = [run({ ...given }), run({ ...given, lifetimeS: 600 })];
    expect(once.dials).toBe(3_000);
    // 3,000 connections that live for 600 s, and four hours.
    expect(renewed.dials).toBeGreaterThan(60_000);
    expect([...renewed.end].reduce((sum, load) => sum + load, 0)).toBeCloseTo(10, 3);
    expect([...renewed.end]).not.toEqual([...once.end]);
  });

  test('p2c evens out what random choice leaves', () => {
    const given = { backends: 100, clients: 10_000 };
    expect(run({ ...given, balance: 'p2c' }).peakOverFair.at(-1)).toBeLessThan(1.05);
    // The fullest of 100 counts of 100 ± 10 has about 125.
    expect(run(given).peakOverFair.at(-1)).toBeGreaterThan(1.15);
  });
});
