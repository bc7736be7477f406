import { expect, test } from 'vitest';
import { rowLines, type SkewRow } from './skew-table.ts';

const row: SkewRow = {
  cause: 'rule-9', resolver: 'musl', client: 'musl', requests: { 'backend-1': 50, 'backend-2': 25, 'backend-3': 25 }, lookups: 100, failed: 0,
  skew: { maxOverFair: 1.5, jainIndex: 0.888, chi2p: 0.0002 },
  expected: { shares: [0.5, 0.25, 0.25], text: '1/2, 1/4, 1/4', by: 'musl', decidedBy: 'rule 9', inAnyOrder: false },
  fit: { p: 1, fits: true }, mechanism: { name: 'rule-9', text: 'the evidence' }, directory: 'results/one', trouble: null,
};

test('a row has a bar for each backend, the measures, the reason, and whether the model fits', () => {
  expect(rowLines(row, true)).toEqual([
    '  musl         ██▌    50 % █▎     25 % █▎     25 %     100    1.50  0.89     2e-4',
    '               rule-9 · fits the model of musl: 1/2, 1/4, 1/4',
    '               the evidence',
  ]);
  expect(rowLines(row, false)).toHaveLength(2);
});

test('a row that nothing known explains, that does not fit, and in which requests failed', () => {
  const [, ...lines] = rowLines({ ...row, mechanism: null, fit: { p: 0.0001, fits: false }, failed: 2 }, true);
  expect(lines.map((line) => line.trim()).join(' ')).toBe('none of those known · does not fit the model of musl: 1/2, 1/4, 1/4 (p 1e-4) · 2 failed requests');
});

test('a row that could not be measured says why', () => {
  expect(rowLines({ ...row, trouble: 'The lab did not come up.' }, true)).toEqual(['  musl         not measured', '               The lab did not come up.']);
});
