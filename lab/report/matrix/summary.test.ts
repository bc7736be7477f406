import { expect, test } from 'vitest';
import { cellOf } from '../../analysis/cells.ts';
import { madeUpMatrix } from '../../testing/made-up-matrix.ts';
import type { Matrix } from './matrix.ts';
import { clientsText, summariesOf } from './summary.ts';

const linesOf = (matrix: Matrix, name: string): string[] =>
  (summariesOf(matrix).find(({ failure }) => failure.name === name)?.answers ?? []).map((answer) => `${answer.what}: ${clientsText(answer, (each) => each, (each) => each)}`);

test('by time: times that lie close together stand in one line, in order; then errors, and then those for which the lab waited in vain', () => {
  expect(linesOf(madeUpMatrix(), 'first-silent')).toEqual([
    'after 252 to 301 ms: node-fetch, chromium',
    'after 15.01 to 15.03 s: go, go-cgo',
    'answered (nothing to measure): java',
    'an error: node-18-fetch (UND_ERR_CONNECT_TIMEOUT)',
  ]);
});

test('a client that did not do the same in each run, and one whose runs showed nothing, stand apart', () => {
  expect(linesOf(madeUpMatrix(), 'all-silent')).toEqual([
    'an error, within 100 ms: java (ClosedChannelException)',
    'an error, after 10.49 s: node-fetch (UND_ERR_CONNECT_TIMEOUT)',
    'neither answer nor error within the 17 s that the lab waited: chromium, go',
    'not the same in each run: node-18-fetch (2× UND_ERR_CONNECT_TIMEOUT, 10.02 s ±5.0 ms; 1× EAI_AGAIN, 10.07 s)',
    'not measured: no run showed the failure: go-cgo',
  ]);
});

test('by remark: clients with the same outcome and the same remark stand together, and a client without a cell is left out', () => {
  expect(linesOf(madeUpMatrix(), 'closed-post')).toEqual([
    'answered (reused, sent 2 times): chromium',
    'answered (dialled): go-cgo',
    'an error (reused): node-fetch, node-18-fetch (UND_ERR_SOCKET), go (EOF)',
  ]);
});

test('a client whose times are not alike did not do the same in each run; where the remark counts, its times say nothing', () => {
  const matrix = madeUpMatrix();
  const unsteady = (failure: string) => cellOf('go', '1', failure, [0.4, 199].map((delayMs) => ({ outcome: 'answered', delayMs, remark: 'dialled', directory: '', trouble: null })));
  const of = (failure: string): string[] => linesOf({ ...matrix, cells: [unsteady(failure)] }, failure);
  expect(of('first-silent')).toEqual(['not the same in each run: go (0.4 to 199 ms, dialled)']);
  expect(of('closed-post')).toEqual(['answered (dialled): go']);
});

/** A matrix of one failure, with these times. */
function timed(times: Record<string, number | 'no answer in 17 s'>): Matrix {
  const matrix = madeUpMatrix();
  const reading = (ms: number | 'no answer in 17 s') => ({ outcome: ms === 'no answer in 17 s' ? ms : 'answered', delayMs: ms === 'no answer in 17 s' ? null : ms, remark: null, directory: 'x/y', trouble: null });
  return { ...matrix, clients: Object.keys(times).map((name) => ({ name, version: '1' })), cells: Object.entries(times).map(([name, ms]) => cellOf(name, '1', 'first-silent', [reading(ms)])) };
}

test('a group of more than half of the clients is not named, since all others are', () => {
  expect(linesOf(timed({ a: 250, b: 251, c: 252, d: 253, e: 254, f: 500, g: 'no answer in 17 s' }), 'first-silent')).toEqual(['after 250 to 254 ms: the other 5 clients', 'after 500 ms: f', 'neither answer nor error within the 17 s that the lab waited: g']);
  expect(linesOf(timed({ a: 1, b: 99 }), 'first-silent')).toEqual(['within 100 ms: both clients']);
  // Half of the clients are not more than half of them.
  expect(linesOf(timed({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 500, g: 500, h: 500, i: 500, j: 500 }), 'first-silent')).toEqual(['within 100 ms: a, b, c, d, e', 'after 500 ms: f, g, h, i, j']);
  // Four names are few enough to be written.
  expect(linesOf(timed({ a: 1, b: 2, c: 3, d: 4, e: 'no answer in 17 s' }), 'first-silent')[0]).toBe('within 100 ms: a, b, c, d');
});

test('a time a little over 100 ms does not stand with those below, which are the machine’s; units are written once if they are the same', () => {
  expect(linesOf(timed({ a: 90, b: 110, c: 140, d: 700, e: 1_040 }), 'first-silent')).toEqual(['within 100 ms: a', 'after 110 to 140 ms: b, c', 'after 700 ms to 1.04 s: d, e']);
});
