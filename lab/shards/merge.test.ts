import { describe, expect, test } from 'vitest';
import { madeUpHeader, madeUpLines, madeUpPlan, madeUpText } from '../testing/made-up-shards.ts';
import { columnNames, commonFacts } from './machines.ts';
import { merge, rerunPlan } from './merge.ts';
import { planHash, runsOfShard, type Plan } from './plan.ts';
import { readShardFile, type ResultLine, type ShardFile } from './result-lines.ts';

const plan = madeUpPlan();
const file = (lines: readonly ResultLine[], path: string): ShardFile => readShardFile([madeUpText(lines)], path) as ShardFile;
const [first, second] = [file(madeUpLines(plan, 1), '1-of-2.a1.jsonl'), file(madeUpLines(plan, 2), '2-of-2.a1.jsonl')];
const ids = (runs: readonly { id: string }[]): string[] => runs.map(({ id }) => id);

test('all shards: every run, in the order of the plan, whatever the order of the files; nothing is missing', () => {
  const merged = merge([plan], [second, first]);
  expect(ids(merged.made)).toEqual(ids(plan.runs));
  expect(merged).toMatchObject({ missing: [], duplicates: [], notes: [] });
  expect(rerunPlan(merged)).toBeNull();
  expect(merge([plan], [first, second])).toEqual(merged);
});

describe('what is missing, and why', () => {
  const missing = (...files: ShardFile[]): [string, string][] => merge([plan], files).missing.map(({ id, reason }) => [id, reason]);
  const own = ids(runsOfShard(plan, 2));

  test('no file', () => { expect(missing(first)).toEqual(own.map((id) => [id, 'no file of shard 2/2'])); });

  test('no files at all', () => { expect(missing()).toHaveLength(8); });

  test('no end line', () => {
    const cut = file(madeUpLines(plan, 2, { take: 3 }), '2-of-2.a1.jsonl');
    expect(missing(first, cut)).toEqual([[own[3], 'no end line of shard 2/2: it was cut after 3 of 4 runs']]);
  });

  test('an absent client', () => {
    const lines: ResultLine[] = [...madeUpLines(plan, 2, { take: 3 }), { line: 'absent', id: own[3] ?? '', reason: 'go was not found: install golang-go' }, { line: 'end', planned: 4, made: 3, earlier: 0, absent: 1, facts: {} }];
    expect(missing(first, file(lines, '2-of-2.a1.jsonl'))).toEqual([[own[3], 'go was not found: install golang-go (one)']]);
  });

  test('a line that was lost: the counts of the end line say so', () => {
    const damaged = file(madeUpLines(plan, 2).filter((_, index) => index !== 2), '2-of-2.a1.jsonl');
    expect(missing(first, damaged)).toEqual([[own[1], 'no line of it in the file of shard 2/2, which came to its end: lines were lost']]);
    expect(merge([plan], [first, damaged]).notes).toEqual(['2-of-2.a1.jsonl: its end line counts 4 runs, and the file has 3.']);
  });
});

test('a second attempt goes on: both files together are the shard, and nothing is a duplicate', () => {
  const own = runsOfShard(plan, 2);
  const cut = file(madeUpLines(plan, 2, { take: 3 }), '2-of-2.a1.jsonl');
  const again = file([madeUpHeader(plan, 2, { attempt: 2 }), { line: 'run', id: own[3]?.id ?? '', durationMs: 5, result: {} }, { line: 'end', planned: 4, made: 1, earlier: 3, absent: 0, facts: {} }], '2-of-2.a2.jsonl');
  expect(merge([plan], [first, again, cut])).toMatchObject({ missing: [], duplicates: [], notes: [] });
});

test('duplicates: named with their files, and the first one counts, in whatever order the files are given', () => {
  const again = file(madeUpLines(plan, 2, { take: 1, header: { attempt: 2 }, durationMs: 7 }), '2-of-2.a2.jsonl');
  const merged = merge([plan], [again, second, first]);
  expect(merged.duplicates).toEqual([{ id: 'first-refused/go/1', paths: ['2-of-2.a1.jsonl', '2-of-2.a2.jsonl'] }]);
  expect(merged.made).toHaveLength(8);
  expect(merged.made.find(({ id }) => id === 'first-refused/go/1')?.durationMs).toBe(1_000);
});

describe('several plans', () => {
  const other = madeUpPlan({ seeds: ['1', '2', '3'] });

  test('are refused, and each file is named', () => {
    expect(() => merge([plan, other], [first, file(madeUpLines(other, 2), 'other.jsonl')])).toThrow(`The files belong to 2 plans, and only runs of one plan can be merged:\n  ${planHash(plan)}: 1-of-2.a1.jsonl\n  ${planHash(other)}: other.jsonl`);
    expect(() => merge([plan, other], [first, second])).toThrow('The files belong to 2 plans');
  });

  test('without the plan, nobody knows what is missing', () => { expect(() => merge([], [first, second])).toThrow(`The plan ${planHash(plan)} of 1-of-2.a1.jsonl, 2-of-2.a1.jsonl is not there`); });

  test('a run that the plan does not have', () => {
    expect(() => merge([plan], [file([madeUpHeader(plan, 1), { line: 'run', id: 'a/b/1', durationMs: 1, result: {} }], 'x.jsonl')])).toThrow('x.jsonl has the run a/b/1, which is not in its plan. The file or the plan was changed by hand.');
  });

  test('a plan for what is missing belongs to the first one: its runs fill the holes, and what it does not make is named with it', () => {
    const rerun = rerunPlan(merge([plan], [first])) as Plan;
    expect(rerun).toMatchObject({ rerunOf: planHash(plan), shards: 2 });
    expect(ids(rerun.runs).sort()).toEqual(ids(runsOfShard(plan, 2)).sort());
    const [one, two] = [file(madeUpLines(rerun, 1), 'r1.jsonl'), file(madeUpLines(rerun, 2), 'r2.jsonl')];
    expect(merge([plan, rerun], [first, one, two])).toMatchObject({ missing: [], duplicates: [] });
    // The plan of the rerun is not needed for that, and the order does not matter.
    expect(merge([rerun, plan], [two, first, one]).missing).toEqual([]);
    const half = merge([plan, rerun], [first, one]).missing;
    expect(half).toEqual(runsOfShard(rerun, 2).map(({ id }) => ({ id, reason: `no file of shard 2/2 of the plan ${planHash(rerun)}` })).sort((a, b) => ids(plan.runs).indexOf(a.id) - ids(plan.runs).indexOf(b.id)));
    expect(rerunPlan(merge([plan, rerun], [first, one]))?.rerunOf).toBe(planHash(plan));
  });

  test('runs that were made say how long others of their cell will take', () => {
    const cut = file(madeUpLines(plan, 2, { take: 2, durationMs: 777 }), '2-of-2.a1.jsonl');
    expect(rerunPlan(merge([plan], [first, cut]))?.runs).toEqual([{ id: 'first-refused/go/2', expectedMs: 777, shard: 1 }, { id: 'first-silent/go/2', expectedMs: 777, shard: 2 }]);
  });

  test('a plan for one missing run has one shard', () => {
    const cut = file(madeUpLines(plan, 2, { take: 3 }), '2-of-2.a1.jsonl');
    expect(rerunPlan(merge([plan], [first, cut]), 8)).toMatchObject({ shards: 1 });
  });
});

describe('two kinds of machine', () => {
  const kind = { system: 'Debian 12', kernel: '6.12.9', libc: 'glibc 2.36', driver: 'netns' };
  const newer = file(madeUpLines(plan, 2, { header: { kind, facts: { machine: '8 cores', system: 'Debian 12, kernel 6.12.9' } } }), 'newer.jsonl');

  test('a run on each of them is no duplicate: it is in both columns', () => {
    const merged = merge([plan], [first, second, newer]);
    expect(merged.duplicates).toEqual([]);
    expect(merged.made).toHaveLength(12);
  });

  test('names say what differs, and nothing else', () => {
    const name = columnNames([first.header, newer.header]);
    expect([name('curl', 'curl', first.header), name('curl', 'curl', newer.header)]).toEqual(['curl · kernel 6.1.0', 'curl · kernel 6.12.9']);
    expect(columnNames([first.header, second.header])('curl', 'curl', first.header)).toBe('curl');
    const upgraded = madeUpHeader(plan, 2, { clients: [{ name: 'curl', version: '2' }, { name: 'go', version: '1' }] });
    expect(columnNames([first.header, upgraded])('curl', 'curl', upgraded)).toBe('curl · version 2');
    expect(columnNames([first.header, upgraded])('go', 'go', upgraded)).toBe('go');
    const without = madeUpHeader(plan, 2, { kind, clients: [{ name: 'curl', version: '1' }, { name: 'go', version: null }] });
    expect(columnNames([first.header, without])('go', 'go', first.header)).toBe('go');
  });

  test('facts that differ stand beside each other', () => {
    expect(commonFacts([first, second])).toEqual({ machine: '2 cores', system: 'Debian 12, kernel 6.1.0' });
    expect(commonFacts([first, newer])).toEqual({ machine: '2 cores | 8 cores', system: 'Debian 12, kernel 6.1.0 | Debian 12, kernel 6.12.9' });
  });
});

test('another commit is told', () => {
  const other = file(madeUpLines(plan, 2, { header: { commit: null } }), '2-of-2.a1.jsonl');
  expect(merge([plan], [first, other]).notes).toEqual(['2-of-2.a1.jsonl: made with a lab whose commit is not known, while the plan was made with commit c0ffee.']);
});
