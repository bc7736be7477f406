import { expect, test } from 'vitest';
import { isQuicInitial } from './quic.ts';

/** A datagram of `bytes` bytes, with this first byte and version. */
const datagram = (first: number, version: number, bytes = 1_250): Buffer => {
  const payload = Buffer.alloc(bytes);
  payload.writeUInt8(first, 0);
  payload.writeUInt32BE(version, 1);
  return payload;
};

test('an Initial of version 1 or 2 in a datagram of full length begins a connection', () => {
  // RFC 9001, Appendix A.2 begins with c0, and RFC 9369, Appendix A.2 with d0. The lower bits are protected, so they may have any value.
  expect([datagram(0xc0, 1), datagram(0xcf, 1), datagram(0xd3, 0x6b3343cf)].map((each) => isQuicInitial(each))).toEqual([true, true, true]);
});

test.each([
  ['0-RTT', datagram(0xd0, 1)],
  ['Handshake', datagram(0xe0, 1)],
  ['version 2 with the type of version 1', datagram(0xc0, 0x6b3343cf)],
  ['version negotiation', datagram(0xc0, 0)],
  ['a short header', datagram(0x40, 1)],
  ['without the fixed bit', datagram(0x80, 1)],
  ['too short for a client', datagram(0xc0, 1, 1_199)],
  ['empty', Buffer.alloc(0)],
])('%s does not', (_, payload) => {
  expect(isQuicInitial(payload)).toBe(false);
});
