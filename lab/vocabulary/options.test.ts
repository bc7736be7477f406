import { describe, expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { clientOptions } from '../../client/client-options.ts';
import { behaviourOptions } from '../../services/backend/behaviour.ts';
import { faultNamed, faultNames } from '../faults/index.ts';
import { choice, defaultsOf, family, integer, onOff, parseOptions, readSeed, splitAssignments, type OptionTable } from './options.ts';
import { longestTimerMs } from './values.ts';

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
    [{ delay: '5' }, 'the fault x has no `delay`. It has: delayMs, limitMs, order, reuse, family. Did you mean `delayMs`?'],
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

test('no time that ends with a timer can be longer than what a timer takes: a longer one would fire at once', async () => {
  const tables: [string, OptionTable][] = [['the client', clientOptions], ['the behaviour', behaviourOptions], ...faultNames.map((name): [string, OptionTable] => [name, faultNamed(name).options])];
  const times = tables.flatMap(([owner, options]) => Object.keys(options).filter((key) => key.endsWith('Ms')).map((key) => ({ owner, options, key })));
  expect(times.length).toBeGreaterThan(10);
  for (const { owner, options, key } of times) expect(() => parseOptions(options, { [key]: longestTimerMs + 1 }, owner), `${owner} ${key}`).toThrow(/ to be a whole number from \d+ to \d+, got 2147483648\.$/);
  // What makes the limit: Node warns, and takes 1 ms.
  const warned = new Promise((resolve) => process.once('warning', ({ name }) => { resolve(name); }));
  clearTimeout(setTimeout(() => undefined, longestTimerMs + 1));
  expect(await warned).toBe('TimeoutOverflowWarning');
});

test('a seed is a whole number, and one number has one seed', () => {
  expect([readSeed('7'), readSeed('007'), readSeed('0')]).toEqual(['7', '7', '0']);
  // A larger number would stand rounded in the journal, and could not be repeated from there.
  for (const word of ['', 'x', '-1', '1.5', '1e3', '9007199254740993']) expect(() => readSeed(word)).toThrow(`Expected \`--seed\` to be a whole number, 0 or more, got \`${word}\`.`);
});

test('a word is split at its first =, and an option has one name in both of its forms', () => {
  expect(splitAssignments(['a=1', 'b=', 'c=x=y'])).toEqual({ a: '1', b: '', c: 'x=y' });
  expect(splitAssignments(['delay-ms=-5', 'rate-k-bit=a-b'])).toEqual({ delayMs: '-5', rateKBit: 'a-b' });
  for (const word of ['a', '=1', '']) expect(() => splitAssignments([word])).toThrow(`Expected an option as key=value, got \`${word}\`.`);
});
