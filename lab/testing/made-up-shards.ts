/** Plans and results of shards that nobody ran, for tests and for the benchmark. */
import { assign, type Timings } from '../shards/assign.ts';
import { idOf, planHash, rootHash, runsOfShard, type Plan } from '../shards/plan.ts';
import { lineText, type Header, type ResultLine } from '../shards/result-lines.ts';

/** A plan with each of the names, clients and seeds. */
export function madeUpPlan({ shards = 2, names = ['first-refused', 'first-silent'], clients = ['curl', 'go'], seeds = ['1', '2'], timings = new Map() as Timings }: { shards?: number; names?: string[]; clients?: string[]; seeds?: string[]; timings?: Timings } = {}): Plan {
  const ids = seeds.flatMap((seed) => names.flatMap((name) => clients.map((client) => idOf({ name, client, seed }))));
  return {
    plan: 'matrix', command: `make matrix repeat=${seeds.length}`, lab: '0.1.0', commit: 'c0ffee', lock: 'a1b2', shards, settings: { repeat: seeds.length },
    clients: clients.map((name) => ({ name, version: '1' })), skipped: [], runs: assign(ids, shards, timings),
  };
}

export function madeUpHeader(plan: Plan, shard: number, change: Partial<Header> = {}): Header {
  return {
    line: 'header', plan: planHash(plan), root: rootHash(plan), shard, shards: plan.shards, attempt: 1, startedAt: '2026-01-31T12:00:00.000Z', commit: plan.commit, host: 'one',
    kind: { system: 'Debian 12', kernel: '6.1.0', libc: 'glibc 2.36', driver: 'netns' }, facts: { machine: '2 cores', system: 'Debian 12, kernel 6.1.0' }, clients: plan.clients, ...change,
  };
}

/** The lines of a shard that made its runs, each with the same time. `take` says how many of them. */
export function madeUpLines(plan: Plan, shard: number, { take = Infinity, header = {}, durationMs = 1_000 }: { take?: number; header?: Partial<Header>; durationMs?: number } = {}): ResultLine[] {
  const own = runsOfShard(plan, shard);
  const made = own.slice(0, take);
  const reading = { outcome: 'answered', delayMs: 251.5, remark: null, directory: 'matrix-first-silent/2026-01-31T12-00-00.000Z', trouble: null };
  return [
    madeUpHeader(plan, shard, header),
    ...made.map(({ id }): ResultLine => ({ line: 'run', id, durationMs, result: reading })),
    ...(made.length === own.length ? [{ line: 'end', planned: own.length, made: made.length, earlier: 0, absent: 0, facts: {} } as const] : []),
  ];
}

export const madeUpText = (lines: readonly ResultLine[]): string => lines.map(lineText).join('');
