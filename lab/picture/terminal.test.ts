/** The picture of a terminal: it has what the terminal has, letter by letter, and each role a colour. */
import { expect, test } from 'vitest';
import { printedRun } from '../report/printed-run.ts';
import { recordedRun } from '../testing/pictured-runs.ts';
import { expectXml } from '../testing/xml.ts';
import { as, plainText, type Phrase, type Role } from '../vocabulary/telling.ts';
import { palettes } from './draw/palette.ts';
import { terminalPicture } from './terminal.ts';

interface Piece {
  text: string;
  classes: string;
  x: number;
  y: number;
  length: number;
}

const piecesOf = (svg: string): Piece[] =>
  [...svg.matchAll(/<text(?: class="([^"]*)")? x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>([^<]*)<\/text>/g)].map(([, classes = '', x = '', y = '', length = '', text = '']) => ({ text: text.replaceAll('&gt;', '>').replaceAll('&#39;', "'").replaceAll('&quot;', '"'), classes, x: Number(x), y: Number(y), length: Number(length) }));

test('every letter of the output stands at its line and its column', () => {
  const lines = printedRun(recordedRun('host-vanishes'), 'results');
  const pieces = piecesOf(terminalPicture(lines, { title: 'a run', theme: 'light' }));
  const [first] = pieces;
  const columnPx = (first?.length ?? NaN) / (first?.text.length ?? NaN);
  const rows: string[] = lines.map(() => '');
  for (const { text, x, y, length } of pieces) {
    expect(length / text.length).toBeCloseTo(columnPx, 1);
    const [row, column] = [Math.round((y - (first?.y ?? 0)) / 18), Math.round((x - 16) / columnPx)];
    rows[row] = `${(rows[row] ?? '').padEnd(column)}${text}`;
  }
  expect(rows).toEqual(lines.map((line) => plainText(line).trimEnd()));
  expect(rows.join('\n')).toMatch(/^host-vanishes · .*\nnetns · node-fetch · seed 1\n[^]*fault client wire dns backend[^]*\nPASS {2}host-vanishes/);
});

test.each<[Role, string]>([['error', 'fill-failed'], ['fault', 'fill-failed strong'], ['heal', 'fill-ok strong'], ['good', 'fill-ok'], ['dim', 'dim'], ['strong', 'strong'], ['note', 'note-text'], ['mark-dns', 'fill-dns']])('the role %s', (role, classes) => {
  expect(piecesOf(terminalPicture([as(role)('x')], { title: '', theme: 'both' }))).toMatchObject([{ text: 'x', classes }]);
});

test('the inner role decides about the colour, and the address of each backend has its own', () => {
  const line: Phrase = as('strong')(as('error')('failed ', as('request')('#1')), ' at ', as('address')('198.51.100.12'), ' ', as('address')('2001:db8:1::13'), ' ', as('address')('192.0.2.1'));
  expect(piecesOf(terminalPicture([line], { title: '', theme: 'both' })).map(({ text, classes }) => [text, classes])).toEqual([['failed', 'fill-failed strong'], ['#1', 'dim strong'], ['at', 'strong'], ['198.51.100.12', 'fill-host-1 strong'], ['2001:db8:1::13', 'fill-host-2 strong'], ['192.0.2.1', 'strong']]);
});

test('the file is XML, has the theme that was asked for, and strings from outside stay text', () => {
  const svg = terminalPicture([as('error')('</svg><script>alert(1)</script>\u202e "')], { title: '<b>', theme: 'dark' });
  expectXml(svg);
  expect(svg).toContain(palettes.dark.ink);
  expect(svg).not.toContain(palettes.light.ink);
  expect(svg).not.toMatch(/<script|\u202e/);
});
