import { describe, expect, test } from 'vitest';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { attemptsOf, fallbackDelay, nextAddressDelay, type Attempt } from './attempts.ts';

const topology = createTopology();
type Outcome = 'start' | 'done' | 'failed' | 'timeout';
const [v4, otherV4, v6] = ['198.51.100.11', '198.51.100.12', '2001:db8:1::11'];

const event = (tMs: number, outcome: Outcome, address: string, { request = 1, connection = 1, error = 'ECONNREFUSED' } = {}): TimelineEvent =>
  ({
    tMs,
    witness: 'client',
    host: 'client',
    event: `client:connect-${outcome}`,
    request,
    connection,
    address,
    port: 8080,
    family: address.includes(':') ? 6 : 4,
    ...(outcome === 'failed' ? { error } : {}),
  }) as TimelineEvent;

const short = ({ request, address, startMs, endMs, outcome }: Attempt): unknown[] => [request, address, startMs, endMs, outcome];

describe('attemptsOf', () => {
  test('pairs each start with its end, and names the outcome', () => {
    const events = [
      event(1, 'start', v6),
      event(251, 'timeout', v6),
      event(252, 'start', v4),
      event(253, 'failed', v4),
      event(254, 'start', otherV4),
      event(255, 'done', otherV4),
    ];
    expect(attemptsOf(events, topology).map(short)).toEqual([
      [1, v6, 1, 251, 'given up'],
      [1, v4, 252, 253, 'refused'],
      [1, otherV4, 254, 255, 'connected'],
    ]);
    expect(attemptsOf(events, topology).map(({ family, synCount }) => [family, synCount])).toEqual([[6, null], [4, null], [4, null]]);
  });

  test.each([['ECONNREFUSED', 'refused'], ['ABORTED', 'aborted'], ['ECANCELED', 'aborted'], ['ABORT_ERR', 'aborted'], ['UND_ERR_CONNECT_TIMEOUT', 'aborted'], ['EHOSTUNREACH', 'EHOSTUNREACH'], ['ETIMEDOUT', 'ETIMEDOUT']])('the error %s becomes the outcome %s', (error, outcome) => {
    expect(attemptsOf([event(1, 'start', v4), event(2, 'failed', v4, { error })], topology)[0]?.outcome).toBe(outcome);
  });

  test('an attempt without an end is open', () => {
    expect(attemptsOf([event(1, 'start', v4)], topology).map(short)).toEqual([[1, v4, 1, null, 'open']]);
  });

  test('two attempts at the same address are told apart by their connections', () => {
    const second = { request: 2, connection: 2 };
    expect(attemptsOf([event(1, 'start', v4), event(2, 'start', v4, second), event(3, 'done', v4, second), event(9, 'failed', v4)], topology).map(short)).toEqual([
      [1, v4, 1, 9, 'refused'],
      [2, v4, 2, 3, 'connected'],
    ]);
  });

  test('an end without a start is ignored, and so are other events', () => {
    expect(attemptsOf([event(1, 'done', v4), { tMs: 1, witness: 'lab', host: 'client', event: 'lab:note', text: '' }], topology)).toEqual([]);
  });
});

describe('delays', () => {
  const starts = (...list: [number, string, number?][]): Attempt[] => attemptsOf(list.map(([tMs, address, request = 1]) => event(tMs, 'start', address, { request, connection: request })), topology);

  test('the fallback delay ends at the first attempt of the other family', () => {
    const attempts = starts([10, v6], [30.5, '2001:db8:1::12'], [260.25, v4], [500, otherV4]);
    expect(fallbackDelay(attempts)).toBe(250.25);
    expect(nextAddressDelay(attempts)).toBe(20.5);
  });

  test('there is no delay without a second attempt, and none between attempts of different requests', () => {
    for (const attempts of [starts(), starts([1, v4]), starts([1, v4], [2, v6, 2], [3, otherV4, 3])]) {
      expect([fallbackDelay(attempts), nextAddressDelay(attempts)]).toEqual([null, null]);
    }
  });

  test('a second attempt at the same address is not an attempt at the next address', () => {
    expect(nextAddressDelay(starts([1, v4], [2, v4]))).toBeNull();
  });

  test('the first request with attempts in both families counts', () => {
    expect(fallbackDelay(starts([1, v4], [10, v6, 2], [310, v4, 2], [1_000, v6, 3], [1_001, v4, 3]))).toBe(300);
  });
});
