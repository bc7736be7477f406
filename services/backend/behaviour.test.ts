import { describe, expect, test } from 'vitest';
import { changeBehaviour, healthy } from './behaviour.ts';

test('a change keeps the fields that it does not name, and does not modify the former behaviour', () => {
  const slow = changeBehaviour(healthy, { delayMs: 20 });
  expect(slow).toEqual({ ...healthy, delayMs: 20 });
  expect(changeBehaviour(slow, { status: 503, stall: true, closeAfter: 2 })).toEqual({ ...healthy, delayMs: 20, status: 503, stall: true, closeAfter: 2 });
  expect(slow).toEqual({ ...healthy, delayMs: 20 });
});

describe('a wrong change is refused with a message', () => {
  test.each([
    [{ delayMs: -1 }, 'Expected `delayMs` of the behaviour of a backend to be a whole number from 0 to 600000, got -1.'],
    [{ delayMs: '2O' }, 'Expected `delayMs` of the behaviour of a backend to be a whole number from 0 to 600000, got `2O`.'],
    [{ status: 100 }, 'Expected `status` of the behaviour of a backend to be a whole number from 200 to 599, got 100.'],
    [{ closeAfter: 1.5 }, 'Expected `closeAfter` of the behaviour of a backend to be a whole number from 0 to 600000, got 1.5.'],
    [{ stall: 1 }, 'Expected `stall` of the behaviour of a backend to be on or off, got 1.'],
    [{ truncate: true }, 'Expected `truncate` of the behaviour of a backend to be one of fin, rst, none, got true.'],
    [{ speed: 1 }, `the behaviour of a backend has no \`speed\`. It has: ${Object.keys(healthy).join(', ')}.`],
  ])('%j', (change, message) => {
    expect(() => changeBehaviour(healthy, change)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', message }));
  });
});
