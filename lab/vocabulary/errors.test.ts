import { expect, test } from 'vitest';
import { LabError, messageOf, unknownName } from './errors.ts';

test('a LabError carries its code and its cause', () => {
  const cause = new Error('inner');
  const error = new LabError('START_FAILED', 'It did not start.', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'LabError', code: 'START_FAILED', message: 'It did not start.', cause });
});

test('the error for an unknown name lists the known names', () => {
  expect(unknownName('fault', 'blackhoel', new Set(['noop', 'blackhole']))).toMatchObject({
    code: 'BAD_INPUT',
    message: 'Unknown fault `blackhoel`. Known: noop, blackhole.',
  });
});

test('messageOf returns a text for any value that was thrown', () => {
  expect([new LabError('NO_LAB', 'a'), new TypeError('b'), 'c', undefined, 7].map(messageOf)).toEqual(['a', 'b', 'c', 'undefined', '7']);
});
