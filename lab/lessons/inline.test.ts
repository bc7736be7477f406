import { expect, test } from 'vitest';
import { partsOf, plainOf } from './inline.ts';

test('splits text, code, emphasis and links', () => {
  expect(partsOf('Run `bin/lab *x*`, then *look* at [`all-down`](../scenarios.md#all-down).')).toEqual([
    { kind: 'text', text: 'Run ' },
    { kind: 'code', text: 'bin/lab *x*' },
    { kind: 'text', text: ', then ' },
    { kind: 'emphasis', text: 'look' },
    { kind: 'text', text: ' at ' },
    { kind: 'link', text: 'all-down', address: '../scenarios.md#all-down' },
    { kind: 'text', text: '.' },
  ]);
});

test('what is no inline Markdown is text', () => {
  expect(partsOf('2 * 3 < 7 `open [x] (y)')).toEqual([{ kind: 'text', text: '2 * 3 < 7 `open [x] (y)' }]);
  expect(partsOf('')).toEqual([]);
});

test('plain text has no marks', () => { expect(plainOf('a `b` *c* [d](e)')).toBe('a b c d'); });
