import { describe, expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { excerpt, printable, printableFields, printableLines } from './printable.ts';

/** Sequences that a terminal obeys or that change what a reader sees, and how they are written out. */
const hostile = [
  ['the colour red', '\u001b[31mred', '\\x1b[31mred'],
  ['a bell', 'a\u0007', 'a\\x07'],
  ['a carriage return', 'real\rfake', 'real\\x0dfake'],
  ['a backspace and a delete', 'a\b\u007f', 'a\\x08\\x7f'],
  ['a control sequence of one byte (C1)', '\u009b31m', '\\x9b31m'],
  ['a change of direction', 'a\u202eb', 'a\\u{202e}b'],
  ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['a character of no width', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
  ['half a character', 'a\ud83d', 'a\\u{d83d}'],
] as const;

describe('text that may be shown', () => {
  test.each(hostile)('%s is written out', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printableLines(text)).toBe(shown);
    expect(printableFields({ text, texts: [text] }, 100)).toEqual({ text: shown, texts: [shown] });
    expect(new LabError('BAD_OUTPUT', `It wrote ${text}.`).message).toBe(`It wrote ${shown}.`);
  });

  test('letters of every language stay', () => {
    expect(printable('Grüße, 你好, 😀')).toBe('Grüße, 你好, 😀');
  });

  test('line ends and tabs stay only where several lines may stand', () => {
    expect(printable('a\n\tb')).toBe('a\\x0a\\x09b');
    expect(printableLines('a\r\n\tb\n')).toBe('a\n\tb\n');
  });

  test('long text is cut, and says so', () => {
    expect(excerpt('abcdef', 6)).toBe('abcdef');
    expect(excerpt('abcdef', 2)).toBe('ab … (cut: 2 of 6 characters)');
  });

  test('a record is cut in every text and every list; other values stay', () => {
    const { list, ...rest } = printableFields({ text: 'abc', count: 3, on: true, list: Array.from({ length: 1_000 }, () => 'abc') }, 2);
    expect(rest).toEqual({ text: 'ab … (cut: 2 of 3 characters)', count: 3, on: true });
    expect(list).toHaveLength(101);
    expect(list.at(-1)).toBe('… (cut: 100 of 1000 texts)');
  });
});
