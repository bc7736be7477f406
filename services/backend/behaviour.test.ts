import { describe, expect, test } from 'vitest';
import { changeBehaviour, healthy } from './behaviour.ts';

test('a change keeps what it does not name, and leaves the former behaviour as it was', () => {
  const slow = changeBehaviour(healthy, { delayMs: 20 });
  expect(slow).toEqual({ ...healthy, delayMs: 20 });
  expect(changeBehaviour(slow, { status: 503, stall: true, closeAfter: 2 })).toEqual({ ...healthy, delayMs: 20, status: 503, stall: true, closeAfter: 2 });
  expect(slow).toEqual({ ...healthy, delayMs: 20 });
});

describe('what is no behaviour is said', () => {
  test.each([
    [{ delayMs: -1 }, 'Expected `delayMs` to be a whole number from 0 to 600000, got -1.'],
    [{ delayMs: '20' }, 'Expected `delayMs` to be a whole number from 0 to 600000, got "20".'],
    [{ status: 100 }, 'Expected `status` to be a whole number from 200 to 599, got 100.'],
    [{ closeAfter: 1.5 }, 'Expected `closeAfter` to be a whole number from 0 to 600000, got 1.5.'],
    [{ stall: 1 }, 'Expected `stall` to be true or false, got 1.'],
    [{ truncate: true }, 'Expected `truncate` to be one of fin, rst, none, got true.'],
    [{ speed: 1 }, `Unknown behaviour \`speed\`. Known: ${Object.keys(healthy).join(', ')}.`],
  ])('%j', (change, message) => {
    expect(() => changeBehaviour(healthy, change)).toThrow(new Error(message));
  });
});
