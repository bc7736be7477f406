import { expect, test } from 'vitest';
import { contrast } from '../../testing/colours.ts';
import { palettes, themes, toneNames, type Theme } from './palette.ts';

const text = 4.5;
const graphics = 3;

test('the contrast of black and white is 21, and that of the grey of WCAG\'s own example is 4.54', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});

/** Every pair that a picture or the page uses, with the least contrast that it must have. */
function pairs(theme: Theme): [string, string, string, number][] {
  const { paper, panel, pale, healing, wait, ink, dim, focus, tones } = palettes[theme];
  const of = (name: string): { fill: string; on: string } => tones[name] ?? { fill: '', on: '' };
  const hosts = toneNames.filter((name) => name.startsWith('host-'));
  return [
    ...[paper, panel, wait].flatMap((ground): [string, string, string, number][] => [['ink', ink, ground, text], ['dim', dim, ground, text]]),
    ...toneNames.map((name): [string, string, string, number] => [`text on ${name}`, of(name).on, of(name).fill, text]),
    ...['ok', 'failed', 'dns', 'note', 'packet', ...hosts].flatMap((name): [string, string, string, number][] => [[`${name} as text on a lane`, of(name).fill, panel, text], [`${name} as text on the page`, of(name).fill, paper, text]]),
    ['failed as text in what failed', of('failed').fill, pale, text],
    ['healed as text in what heals', of('healed').fill, healing, text],
    ['a packet in what failed', of('packet').fill, pale, graphics],
    ...hosts.map((name): [string, string, string, number] => [`${name} as a line in what failed`, of(name).fill, pale, graphics]),
    ['the focus on a lane', focus, panel, graphics],
    ['the focus on the page', focus, paper, graphics],
  ];
}

test.each(themes)('every pair of colours of the %s theme has the contrast of WCAG 2.2 AA', (theme) => {
  const found = pairs(theme).filter(([, one, other, least]) => !(contrast(one, other) >= least)).map(([name, one, other, least]) => `${name}: ${contrast(one, other).toFixed(2)} of ${least} (${one} on ${other})`);
  expect(found).toEqual([]);
});
