/** Shards of a matrix that nobody ran, merged: machines of two kinds, and runs that are missing. */
import { expect, test } from 'vitest';
import { cellText } from '../report/matrix/cell-text.ts';
import { matrixLines } from '../report/matrix/lines.ts';
import { matrixText, type Matrix } from '../report/matrix/matrix.ts';
import { merge } from '../shards/merge.ts';
import { readShardFile, type Header, type ShardFile } from '../shards/result-lines.ts';
import { madeUpLines, madeUpPlan, madeUpText } from '../testing/made-up-shards.ts';
import { mergedMatrix } from './merge-matrix.ts';

// Nine runs in a round, an odd number: so the runs of a cell go to both shards.
const names = ['first-refused', 'first-silent', 'all-silent'];
const plan = { ...madeUpPlan({ clients: ['curl', 'go', 'wget'], names, seeds: ['1', '2', '3'] }), settings: { failures: names, repeat: 3, patienceMs: 17_000 } };
const file = (shard: number, { take = Infinity, header = {}, durationMs = 1 }: { take?: number; header?: Partial<Header>; durationMs?: number } = {}): ShardFile => readShardFile([madeUpText(madeUpLines(plan, shard, { take, header, durationMs }))], `${shard}`) as ShardFile;
const matrixOf = (...files: ShardFile[]): Matrix => mergedMatrix(merge([plan], files));
const cellsOf = ({ cells }: Matrix): string[][] => cells.map((cell) => [cell.client, cell.failure, String(cell.readings.length), cellText(cell)]);

test('all runs: one cell for each client and failure, with all of its runs', () => {
  expect(cellsOf(matrixOf(file(1), file(2)))).toEqual(['curl', 'go', 'wget'].flatMap((client) => names.map((name) => [client, name, '3', '252 ms'])));
});

test('a shard is missing: a cell says how many of its runs are, and a cell without any is a hole', () => {
  const matrix = matrixOf(file(1, { take: 4 }));
  // Shard 1 has the runs 1, 3, 5 and 7 of the list.
  expect(cellsOf(matrix)).toEqual([['curl', 'first-refused'], ['curl', 'all-silent'], ['go', 'first-silent'], ['wget', 'first-refused']].map((cell) => [...cell, '1', '252 ms; 2× –']));
  expect(matrixLines(matrix).at(-1)).toMatch(/^wget +252 ms; 2× – +– +–$/);
});

test('two kernels are two columns, each with its own runs, and never one median', () => {
  const kind = { system: 'Debian 12', kernel: '6.12.9', libc: 'glibc 2.36', driver: 'netns' };
  const matrix = matrixOf(file(1), file(2, { header: { kind } }));
  expect(matrix.clients.map(({ name }) => name)).toEqual(['curl · kernel 6.1.0', 'curl · kernel 6.12.9', 'go · kernel 6.1.0', 'go · kernel 6.12.9', 'wget · kernel 6.1.0', 'wget · kernel 6.12.9']);
  const runs = matrix.cells.map(({ readings }) => readings.length);
  expect(runs.reduce((sum, count) => sum + count, 0)).toBe(plan.runs.length);
  expect(matrix.cells.map(({ outcomes }) => outcomes[0]?.count)).toEqual(runs);
  expect([...new Set(runs)].sort()).toEqual([1, 2]);
});

test('a client that no machine had is listed as not found', () => {
  const [header] = [{ clients: [{ name: 'curl', version: '1' }, { name: 'go', version: '1' }, { name: 'wget', version: null, reason: 'apt-get install wget' }] }];
  const without = (shard: number): ShardFile => {
    const whole = file(shard, { header });
    return { ...whole, runs: whole.runs.filter(({ id }) => !id.includes('/wget/')) };
  };
  expect(matrixOf(without(1), without(2)).clients.at(-1)).toEqual({ name: 'wget', version: null, reason: 'apt-get install wget' });
});

test('the text of matrix.json is that of JSON.stringify', () => {
  const matrix = matrixOf(file(1), file(2));
  for (const each of [matrix, { ...matrix, cells: [] }]) expect([...matrixText(each)].join('')).toBe(`${JSON.stringify(each, null, 2)}\n`);
});
