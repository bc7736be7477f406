/** The colours of the matrix, computed: can they be told apart with each kind of eye, and can the text on them be read? */
import { describe, expect, test } from 'vitest';
import { contrast, difference, eyeNames, lightness } from '../../testing/colours.ts';
import { heatFills, heatStepOf, heatStepsMs, heatStyle } from './heat.ts';
import { palettes, themes } from './palette.ts';

/** Areas that do not touch need more than the least difference that can be seen, which is some 0.02. */
const wellApart = 0.05;
/** The least contrast of text (WCAG 2.2 AA). */
const text = 4.5;

test('the eyes see known colours as they should: without green cones, a red and a green of the same lightness are alike, and blue and yellow are not', () => {
  expect(difference('#000000', '#ffffff', 'full colour vision')).toBeCloseTo(1, 3);
  expect(difference('#d05050', '#4f8f4f', 'full colour vision')).toBeGreaterThan(0.2);
  expect(difference('#c06a5a', '#8a8a4a', 'deuteranopia')).toBeLessThan(difference('#c06a5a', '#8a8a4a', 'full colour vision') / 2);
  expect(difference('#4a6fd0', '#c0b040', 'deuteranopia')).toBeGreaterThan(0.2);
});

test('a time has the first step that does not end before it', () => {
  expect([0, 1, 1.01, 252, 300, 301, 10_000, 17_000].map(heatStepOf)).toEqual([0, 0, 1, 5, 5, 6, 8, 9]);
});

describe.each(themes)('in the %s theme', (theme) => {
  const palette = palettes[theme];
  const fills = { answered: heatFills(palette, 'answered'), error: heatFills(palette, 'error') };

  test('the text on every cell has the contrast of WCAG 2.2 AA', () => {
    const pairs = [...[...fills.answered, ...fills.error].map((fill) => [palette.ink, fill] as const), [palette.noAnswer.on, palette.noAnswer.fill] as const];
    expect(pairs.filter(([ink, fill]) => !(contrast(ink, fill) >= text)).map(([ink, fill]) => `${ink} on ${fill}: ${contrast(ink, fill).toFixed(2)}`)).toEqual([]);
  });

  test.each(eyeNames)('with %s: no step of one outcome looks like a step of another, and each scale goes from pale to strong', (eye) => {
    const outcomes = [fills.answered, fills.error, [palette.noAnswer.fill]];
    const alike = outcomes.flatMap((some, index) => outcomes.slice(index + 1).flatMap((others) => some.flatMap((one) => others.map((other) => [one, other] as const))))
      .filter(([one, other]) => !(difference(one, other, eye) >= wellApart)).map(([one, other]) => `${one} and ${other}: ${difference(one, other, eye).toFixed(3)}`);
    expect(alike).toEqual([]);
    for (const scale of [fills.answered, fills.error]) {
      const steps = scale.map((fill) => lightness(fill, eye)).map((value) => (theme === 'light' ? -value : value));
      expect(steps).toEqual(steps.toSorted((one, other) => one - other));
      // The ends of a scale, and steps that are three apart, such as 10 and 300 ms.
      expect(Math.min(...scale.slice(3).map((fill, step) => difference(fill, scale[step] ?? '', eye)))).toBeGreaterThan(wellApart);
    }
  });

  test('there is a rule for each step', () => {
    const style = heatStyle(palette);
    for (let step = 0; step < heatStepsMs.length; step++) for (const outcome of ['answered', 'error']) expect(style).toContain(`.${outcome}-${step}{`);
  });
});
