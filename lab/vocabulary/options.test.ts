import { describe, expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { choice, defaultsOf, family, integer, onOff, parseOptions, splitAssignments } from './options.ts';

const table = {
  delayMs: integer(500, 1, 'time'),
  limitMs: integer<number | null>(null, 0, 'time, or none'),
  order: choice(['verbatim', 'ipv4first'], 'verbatim', 'order'),
  reuse: onOff(true, 'reuse'),
  family: family('family'),
};

test('an option that is not given has its default', () => {
  expect(parseOptions(table, {}, 'it')).toEqual({ delayMs: 500, limitMs: null, order: 'verbatim', reuse: true, family: 0 });
  expect(defaultsOf(table)).toEqual(parseOptions(table, {}, 'it'));
});

test('an option that is given is converted to its type', () => {
  const given = { delayMs: '1', limitMs: '0', order: 'ipv4first', reuse: 'off', family: '6' };
  expect(parseOptions(table, given, 'it')).toEqual({ delayMs: 1, limitMs: 0, order: 'ipv4first', reuse: false, family: 6 });
});

describe('the message for a wrong option says what was expected and what was seen', () => {
  test.each([
    [{ delayMs: '0' }, 'Expected `delayMs` of the fault x to be a whole number, 1 or more, got `0`.'],
    [{ delayMs: '-5' }, 'Expected `delayMs` of the fault x to be a whole number, 1 or more, got `-5`.'],
    [{ delayMs: '1e3' }, 'Expected `delayMs` of the fault x to be a whole number, 1 or more, got `1e3`.'],
    [{ delayMs: '' }, 'Expected `delayMs` of the fault x to be a whole number, 1 or more, got ``.'],
    [{ order: 'ipv5first' }, 'Expected `order` of the fault x to be one of verbatim, ipv4first, got `ipv5first`.'],
    [{ reuse: 'true' }, 'Expected `reuse` of the fault x to be on or off, got `true`.'],
    [{ reuse: 'toString' }, 'Expected `reuse` of the fault x to be on or off, got `toString`.'],
    [{ family: '5' }, 'Expected `family` of the fault x to be one of 0, 4, 6, got `5`.'],
    [{ delay: '5' }, 'the fault x has no `delay`. It has: delayMs, limitMs, order, reuse, family.'],
    [{ toString: '5' }, 'the fault x has no `toString`.'],
  ])('%j', (given, message) => {
    const parse = () => parseOptions(table, given as Record<string, string>, 'the fault x');
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }) as LabError);
  });

  test('an owner without options', () => {
    expect(() => parseOptions({}, { delayMs: '5' }, 'the fault noop')).toThrow('the fault noop has no `delayMs`. It has none.');
  });
});

test('a word is split at its first =', () => {
  expect(splitAssignments(['a=1', 'b=', 'c=x=y'])).toEqual({ a: '1', b: '', c: 'x=y' });
  for (const word of ['a', '=1', '']) expect(() => splitAssignments([word])).toThrow(`Expected an option as key=value, got \`${word}\`.`);
});
