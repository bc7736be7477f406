import { expect, test } from 'vitest';
import { LabError, messageOf, unknownName } from './errors.ts';

test('a LabError carries its code and its cause', () => {
  const cause = new Error('inner');
  const error = new LabError('START_FAILED', 'It did not start.', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'LabError', code: 'START_FAILED', message: 'It did not start.', cause });
});

test('the error for an unknown name lists the known names, and ends with the nearest one', () => {
  expect(unknownName('fault', 'blackhoel', new Set(['noop', 'blackhole']))).toMatchObject({
    code: 'BAD_INPUT',
    message: 'Unknown fault `blackhoel`. Known: noop, blackhole. Did you mean `blackhole`?',
  });
});

test('the error for an unknown name that is near to none ends with the known names, or with a remark', () => {
  expect(unknownName('fault', 'x', ['noop', 'blackhole']).message).toBe('Unknown fault `x`. Known: noop, blackhole.');
  expect(unknownName('client', 'curll', ['curl'], 'Or a command.').message).toBe('Unknown client `curll`. Known: curl. Or a command. Did you mean `curl`?');
});

test('messageOf returns a text for any value that was thrown', () => {
  expect([new LabError('NO_LAB', 'a'), new TypeError('b'), 'c', undefined, 7].map(messageOf)).toEqual(['a', 'b', 'c', 'undefined', '7']);
});
