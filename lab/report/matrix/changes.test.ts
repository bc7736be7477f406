import { expect, test } from 'vitest';
import { cellOf, noAnswerIn, type Reading } from '../../analysis/cells.ts';
import { madeUpMatrix } from '../../testing/made-up-matrix.ts';
import { changeLines, changesOf } from './changes.ts';
import { matrixDocument } from './document.ts';
import { withoutReadings, type Matrix } from './matrix.ts';

const reading = (outcome: string | null, delayMs: number | null = null, remark: string | null = null): Reading => ({ outcome, delayMs, remark, directory: '', trouble: null });

/** The made-up matrix with other readings in one cell. */
function withCell(client: string, failure: string, ...readings: Reading[]): Matrix {
  const matrix = madeUpMatrix();
  return { ...matrix, cells: matrix.cells.map((cell) => (cell.client === client && cell.failure === failure ? cellOf(client, '2', failure, readings) : cell)) };
}

test('a matrix has no changes since itself, with or without its readings', () => {
  expect(changesOf(madeUpMatrix(), madeUpMatrix())).toEqual([]);
  expect(changesOf(withoutReadings(madeUpMatrix()), madeUpMatrix())).toEqual([]);
  expect(changeLines({ since: '2026-01-31T12:00:00.000Z', list: [] })).toEqual(['', 'No cell has changed since 2026-01-31.']);
});

test.each([
  ['a longer delay', 'node-fetch', 'first-silent', [reading('answered', 501)], '252 ms ±3.5 ms → 501 ms'],
  ['another outcome', 'go', 'all-silent', [reading(noAnswerIn(300_000))], 'no answer in 17 s → no answer in 300 s'],
  ['another remark', 'go', 'closed-post', [reading('EOF', 2, 'reused, sent 2 times')], 'EOF, 2.5 ms, reused → EOF, 2.0 ms, reused, sent 2 times'],
  ['a time where there was none', 'java', 'first-silent', [reading('answered', 250)], 'answered → 250 ms'],
  ['two outcomes where there was one', 'chromium', 'first-silent', [reading('answered', 301), reading('EOF', 5)], '301 ms → 1× 301 ms; 1× EOF, 5.0 ms'],
] as const)('%s is a change', (_what, client, failure, readings, texts) => {
  const list = changesOf(madeUpMatrix(), withCell(client, failure, ...readings));
  expect(list.map(({ client: name, failure: { name: of }, versions, before, after }) => [name, of, versions.after, `${before} → ${after}`])).toEqual([[client, failure, '2', texts]]);
});

test.each([
  ['a delay that another machine has, too', 'node-fetch', 'first-silent', [reading('answered', 340)]],
  ['a time of the machine', 'go', 'closed-post', [reading('EOF', 130, 'reused')]],
  ['a remark that some runs have in common', 'go', 'closed-post', [reading('EOF', 2, 'reused'), reading('EOF', 2, 'reused, sent 2 times')]],
  ['runs that showed nothing', 'go', 'first-silent', [reading(null)]],
  ['a spread that has the time of before in it', 'node-fetch', 'first-silent', [reading('answered', 252), reading('answered', 2_000)]],
] as const)('%s is no change', (_what, client, failure, readings) => {
  expect(changesOf(madeUpMatrix(), withCell(client, failure, ...readings))).toEqual([]);
});

test('the page and the terminal name the client, its versions, and what it did then and does now', () => {
  const changes = { since: '2025-12-31T12:00:00.000Z', list: changesOf(madeUpMatrix(), withCell('node-fetch', 'first-silent', reading('answered', 501))) };
  expect(changeLines(changes)).toEqual(['', 'Changed since 2025-12-31:', '  node-fetch 1 → 2, first address silent: 252 ms ±3.5 ms → 501 ms']);
  expect(matrixDocument(madeUpMatrix(), changes)).toContain('\n## Changed since 2025-12-31\n\n- `node-fetch` 1 → 2, first address silent: 252 ms ±3.5 ms → 501 ms\n');
  expect(matrixDocument(madeUpMatrix())).not.toContain('Changed since');
});
