/** Which shard makes which run, so that all shards take about the same time. */
import { median } from '../analysis/median.ts';
import { partsOf, type PlannedRun } from './plan.ts';

/** How long the runs of a cell took, in ms: the median of what was measured, by `cellKey`. */
export type Timings = ReadonlyMap<string, number>;

/** Runs that differ in their seed alone are one cell: they take about the same time. */
export function cellKey(id: string): string {
  const { name, client } = partsOf(id);
  return `${name}/${client}`;
}

/** Returns the timings of finished runs. */
export function timingsOf(finished: readonly { id: string; durationMs: number }[]): Timings {
  return new Map([...Map.groupBy(finished, ({ id }) => cellKey(id))].map(([key, runs]) => [key, median(runs.map(({ durationMs }) => durationMs)) ?? 0]));
}

/**
 * Gives each run to a shard. With timings: the longest run first, always to the shard that has the least to do so far; a run of an unknown cell counts as the
 * median of all known ones. This is at most 4/3 of the best possible (Graham, Bounds on multiprocessing timing anomalies, 1969). Without timings, or where
 * they know none of these runs: the first run to the first shard, the second one to the second shard, and so on, because neighbours in the list take about as long.
 */
export function assign(ids: readonly string[], shards: number, timings: Timings = new Map()): PlannedRun[] {
  const known = ids.flatMap((id) => timings.get(cellKey(id)) ?? []);
  const unknownMs = median(known);
  if (unknownMs === null) return ids.map((id, index) => ({ id, shard: (index % shards) + 1 }));
  const runs = ids.map((id) => ({ id, expectedMs: timings.get(cellKey(id)) ?? unknownMs })).toSorted((one, other) => other.expectedMs - one.expectedMs);
  const loads = Array.from({ length: shards }, (_, index) => ({ shard: index + 1, runs: 0, totalMs: 0 }));
  return runs.map(({ id, expectedMs }) => {
    const least = loads.reduce((one, other) => (other.totalMs < one.totalMs || (other.totalMs === one.totalMs && other.runs < one.runs) ? other : one));
    least.totalMs += expectedMs;
    least.runs++;
    return { id, shard: least.shard, expectedMs };
  });
}

/** The expected time of the slowest shard, divided by the mean; null without times. 1 is a perfect plan. */
export function unevenness(runs: readonly PlannedRun[], shards: number): number | null {
  if (runs.some(({ expectedMs }) => expectedMs === undefined)) return null;
  const totals = new Map<number, number>();
  for (const { shard, expectedMs = 0 } of runs) totals.set(shard, (totals.get(shard) ?? 0) + expectedMs);
  const sum = [...totals.values()].reduce((all, each) => all + each, 0);
  return sum === 0 ? null : (Math.max(...totals.values()) * shards) / sum;
}
