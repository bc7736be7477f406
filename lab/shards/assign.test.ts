import { expect, test } from 'vitest';
import { madeUpPlan } from '../testing/made-up-shards.ts';
import { assign, timingsOf, unevenness } from './assign.ts';

const ids = Array.from({ length: 10 }, (_, index) => `silent/client-${index}/1`);

test('without times, neighbours go to different shards', () => {
  expect(assign(ids, 3).map(({ shard }) => shard)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
  expect(assign(ids, 3)[0]).toEqual({ id: 'silent/client-0/1', shard: 1 });
});

test('with times, the longest run comes first, each to the shard that has the least to do; a cell that nobody measured counts as the median', () => {
  const timings = timingsOf([{ id: 'silent/client-3/1', durationMs: 9_000 }, { id: 'silent/client-3/2', durationMs: 11_000 }, { id: 'silent/client-5/9', durationMs: 4_000 }, { id: 'silent/client-7/1', durationMs: 1_000 }, { id: 'other/client-7/1', durationMs: 1e9 }]);
  const runs = assign(ids, 2, timings);
  expect(runs.map(({ id, expectedMs }) => [id.slice(7, 15), expectedMs])).toEqual([['client-3', 10_000], ...[0, 1, 2, 4, 5, 6, 8, 9].map((index) => [`client-${index}`, 4_000]), ['client-7', 1_000]]);
  expect(runs.filter(({ shard }) => shard === 1).map(({ expectedMs }) => expectedMs)).toEqual([10_000, 4_000, 4_000, 4_000]);
  expect(runs.map(({ id }) => id).sort()).toEqual(ids);
});

test('times that have none of these runs are no times', () => {
  expect(assign(ids, 3, new Map([['other/curl', 5]]))).toEqual(assign(ids, 3));
});

test('runs without a time, all equal, go to all shards', () => {
  expect(new Set(assign(ids, 5, new Map(ids.map((id) => [id.slice(0, -2), 0]))).map(({ shard }) => shard))).toEqual(new Set([1, 2, 3, 4, 5]));
});

test('the slowest shard of longest first takes at most 1 % more than the mean, where the times of the matrix differ as they do: some runs 17 s, most 1 s', () => {
  const names = Array.from({ length: 15 }, (_, index) => `failure-${index}`);
  const clients = Array.from({ length: 23 }, (_, index) => `client-${index}`);
  const timings = new Map(names.flatMap((name, at) => clients.map((client, place) => [`${name}/${client}`, at % 5 === 0 && place % 3 > 0 ? 17_000 + place : 900 + 13 * place] as const)));
  const planned = madeUpPlan({ shards: 16, names, clients, seeds: ['1', '2', '3'], timings });
  expect(planned.runs).toHaveLength(1_035);
  expect(unevenness(planned.runs, 16)).toBeLessThan(1.01);
  const byIndex = planned.runs.map(({ id, expectedMs }) => ({ id, expectedMs })).toSorted((one, other) => (one.id < other.id ? -1 : 1)).map((run, index) => ({ ...run, shard: Math.floor((index * 16) / 1_035) + 1 }));
  expect(unevenness(byIndex, 16)).toBeGreaterThan(1.3);
  expect(unevenness(madeUpPlan().runs, 2)).toBeNull();
});
