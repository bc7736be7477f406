import { describe, expect, test } from 'vitest';
import { SendOrder, type Sending } from './send-order.ts';

/** A segment of ten bytes: its number among the bytes, and what it shows of its time. */
const segment = (number: number, { identification, timestamp = null }: { identification?: number; timestamp?: number | null } = {}, base = 1_000): Sending => ({
  sequence: (base + number * 10) >>> 0, payloadBytes: 10, timestamp, ...(identification === undefined ? {} : { identification }),
});

/** The newest segments that have arrived, in order. */
function arrived(...segments: Sending[]): SendOrder {
  const order = new SendOrder();
  for (const each of segments) order.note(each);
  return order;
}

describe('a late segment whose bytes have not arrived yet', () => {
  test.each<[string, Sending, Sending, boolean]>([
    ['an older identification: overtaken', segment(1, { identification: 7, timestamp: 5 }), segment(2, { identification: 8, timestamp: 5 }), false],
    ['a newer identification: sent again', segment(1, { identification: 9, timestamp: 5 }), segment(2, { identification: 8, timestamp: 5 }), true],
    ['an identification that has wrapped around: sent again', segment(1, { identification: 3 }), segment(2, { identification: 65_530 }), true],
    ['an older timestamp: overtaken', segment(1, { timestamp: 4 }), segment(2, { timestamp: 5 }), false],
    ['a newer timestamp: sent again', segment(1, { timestamp: 6 }), segment(2, { timestamp: 5 }), true],
    ['a timestamp that has wrapped around: sent again', segment(1, { timestamp: 2 }), segment(2, { timestamp: 2 ** 32 - 3 }), true],
  ])('%s', (_, late, next, isAgain) => {
    for (const isGapReported of [false, true]) expect(arrived(segment(0), next).isSentAgain(late, false, isGapReported)).toBe(isAgain);
  });

  test('it is compared with the segment of the next bytes, because the newest segment may have left after it', () => {
    const [next, newest] = [segment(2, { identification: 8 }), segment(3, { identification: 20 })];
    expect(arrived(next, newest).isSentAgain(segment(1, { identification: 12 }), false, true)).toBe(true);
    expect(arrived(next, newest).isSentAgain(segment(1, { identification: 7 }), false, true)).toBe(false);
    // Sequence numbers wrap around between the two.
    const base = 2 ** 32 - 15;
    expect(arrived(segment(1, { identification: 8 }, base), segment(2, { identification: 9 }, base)).isSentAgain(segment(0, { identification: 12 }, base), false, true)).toBe(true);
  });

  describe('of the same millisecond as the next bytes', () => {
    const late = segment(1, { timestamp: 5 });
    const next = segment(2, { timestamp: 5 });

    test('the report of a gap decides', () => {
      expect(arrived(next).isSentAgain(late, false, false)).toBe(false);
      expect(arrived(next).isSentAgain(late, false, true)).toBe(true);
    });

    test('segments of a later millisecond have arrived: they have overtaken it', () => {
      expect(arrived(next, segment(3, { timestamp: 6 })).isSentAgain(late, false, true)).toBe(false);
    });

    test('other segments of this sender were overtaken before: it was overtaken, too', () => {
      const order = arrived(segment(2, { timestamp: 5 }), segment(4, { timestamp: 6 }), segment(6, { timestamp: 6 }));
      expect(order.isSentAgain(segment(5, { timestamp: 6 }), false, true)).toBe(true);
      expect(order.isSentAgain(segment(1, { timestamp: 4 }), false, true)).toBe(false);
      expect(order.isSentAgain(segment(3, { timestamp: 6 }), false, true)).toBe(false);
    });
  });
});

describe('of several copies of the same bytes, one was sent first', () => {
  test('the first one has arrived in order: all others were sent again', () => {
    const order = arrived(segment(1, { timestamp: 5 }), segment(2, { timestamp: 5 }));
    expect([order.isSentAgain(segment(1, { timestamp: 5 }), true, false), order.isSentAgain(segment(1, { timestamp: 9 }), true, false)]).toEqual([true, true]);
  });

  test('a copy came before the first one: the first one was overtaken', () => {
    const order = arrived(segment(2, { timestamp: 5 }));
    const copies = [segment(1, { timestamp: 6 }), segment(1, { timestamp: 7 }), segment(1, { timestamp: 5 }), segment(1, { timestamp: 8 })];
    expect(copies.map((copy, index) => order.isSentAgain(copy, index > 0, true))).toEqual([true, true, false, true]);
  });

  test('the same without timestamps', () => {
    const order = arrived(segment(2));
    expect([1, 1, 1].map((number, index) => order.isSentAgain(segment(number), index > 0, true))).toEqual([true, false, true]);
  });
});

test('a sender of many segments is remembered for as many as can be under way', () => {
  const order = new SendOrder();
  for (let number = 0; number < 50_000; number++) order.note(segment(number, { identification: number & 0xffff }));
  expect(order.isSentAgain(segment(49_000, { identification: 50_000 & 0xffff }), false, true)).toBe(true);
  expect(order.isSentAgain(segment(48_000, { identification: 47_999 & 0xffff }), false, true)).toBe(false);
});
