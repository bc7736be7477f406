import { describe, expect, test } from 'vitest';
import { LabError } from '../../vocabulary/errors.ts';
import { parametersOf } from './outcome.ts';
import { parameters, poolOf, readParameters } from './parameters.ts';
import { causes, remedies } from './presets.ts';

test('the defaults fit each other', () => {
  expect(readParameters({})).toEqual(Object.fromEntries(Object.entries(parameters).map(([key, option]) => [key, option.default])));
});

test('words of a command line are read as their values', () => {
  expect(readParameters({ clients: '7', policy: 'fixed', clientShuffle: 'on', goaway: '0.5' })).toMatchObject({ clients: 7, policy: 'fixed', clientShuffle: true, goaway: 0.5 });
});

describe('bad input', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ clients: 0 }, 'Expected `clients` of the simulation to be a whole number from 1 to 10000000, got 0.'],
    [{ clients: 'many' }, 'Expected `clients` of the simulation to be a whole number from 1 to 10000000, got `many`.'],
    [{ hours: 0 }, 'Expected `hours` of the simulation to be a whole number from 1 to 720, got 0.'],
    [{ backnds: 3 }, 'Did you mean `backends`?'],
    [{ policy: 'random' }, 'Expected `policy` of the simulation to be one of shuffle, fixed, rotate, subset-first, got `random`.'],
    [{ lifetimeS: -1 }, 'Expected `lifetimeS` of the simulation to be a number, 0 or more, got -1.'],
    [{ backends: 3, returned: 4 }, 'Expected `returned` to be at most the number of backends, 3, got 4.'],
    [{ backends: 3, ipv6Backends: 4 }, 'Expected `ipv6Backends` to be at most the number of backends, 3, got 4.'],
    [{ backends: 3, tranches: 4 }, 'Expected `tranches` to be at most the number of backends, 3, got 4.'],
    [{ balance: 'round-robin', returned: 2, pool: 3 }, 'Expected `pool` to be at most the number of addresses to choose from, 2, got 3.'],
    [{ balance: 'rendezvous', backends: 3, pool: 4 }, 'Expected `pool` to be at most the number of addresses to choose from, 3, got 4.'],
    [{ ipv6Percent: 5 }, 'the families cannot meet'],
    [{ clients: 5, cacheClients: 6 }, 'Expected `cacheClients` to be at most the number of clients, 5, got 6.'],
    [{ rampMin: 61, hours: 1 }, 'Expected all clients to start within the simulated 60 minutes (`hours`), got 61 for `rampMin`.'],
    [{ positions: 1_000, backends: 10_000 }, 'Expected `positions` times `backends` to be at most 5000000, got 10000000.'],
    [{ positions: 2, backends: 2, commonBits: '1,2' }, 'got both'],
    [{ backends: 3, commonBits: '1,2,3/1,2' }, 'one number for each of the 3 backends, got 2 numbers in `1,2`.'],
    [{ backends: 1, commonBits: '129' }, 'at most 128, got 129'],
    [{ commonBits: '1,x' }, 'Expected `commonBits` of the simulation to be numbers from 0 to 128'],
    [{ goaway: 1.1 }, 'Expected `goaway` to be a probability from 0 to 1, got 1.1.'],
    [{ maxRequests: 10, rate: 0 }, 'Expected `rate` to be more than 0, got 0'],
    [{ backends: 1, restarts: 1 }, 'all backends would be down at once'],
    [{ restarts: 2, restartEveryMin: 10 }, 'before the next one begins, after 600 s (`restartEveryMin`), but 100 groups each 15 s (`trancheEveryS`) take 1500 s.'],
    [{ restarts: 1, hours: 1, firstRestartMin: 50 }, 'within the simulated 60 minutes (`hours`), but it ends at minute 75.'],
    [{ clients: 2_000_000, balance: 'rendezvous' }, 'Expected at most 10000000 connections, got 2000000 clients with 10 each.'],
    [{ clients: 1_000_000, cacheClients: 1 }, 'Expected the caches to hold at most 50000000 addresses, got 1000000 caches with 100 each.'],
    [{ lifetimeS: 1, clients: 1_000_000 }, 'Expected at most 1000000000 new connections'],
  ])('%j', (given, message) => {
    const error = thrownBy(() => readParameters(given));
    expect(error).toBeInstanceOf(LabError);
    expect(error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(message) as string });
  });

  test.each<[string, () => unknown, string]>([
    ['an unknown preset', () => parametersOf({ preset: 'roling-restart', remedies: [], given: {} }), 'Did you mean `rolling-restart`?'],
    ['an unknown remedy', () => parametersOf({ preset: 'pinning', remedies: ['goawy'], given: {} }), 'Did you mean `goaway`?'],
    ['a remedy as a preset', () => parametersOf({ preset: 'max-age', remedies: [], given: {} }), '`max-age` is a remedy.'],
  ])('%s', (_, read, message) => {
    expect(thrownBy(read)).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(message) as string });
  });
});

describe('presets', () => {
  test.each(Object.keys(causes))('any remedy fits the cause %s', (preset) => {
    const { cause, remedied } = parametersOf({ preset, remedies: Object.keys(remedies), given: {} });
    expect(remedied).toHaveLength(Object.keys(remedies).length);
    for (const { name, parameters: changed } of remedied) {
      // The answers of most causes have all addresses already.
      if (name !== 'full-answer') expect(changed).not.toEqual(cause);
      expect(poolOf(changed)).toBeLessThanOrEqual(10);
    }
  });

  test('the strength of a remedy that is given belongs to the remedy alone', () => {
    const { cause, remedied } = parametersOf({ preset: 'rolling-restart', remedies: ['max-age'], given: { maxAgeS: '60', clients: '10' } });
    expect(cause).toMatchObject({ maxAgeS: 0, clients: 10 });
    expect(remedied).toMatchObject([{ name: 'max-age', parameters: { maxAgeS: 60, clients: 10 } }]);
  });
});

function thrownBy(read: () => unknown): unknown {
  try {
    read();
  } catch (error) {
    return error;
  }
  return undefined;
}
