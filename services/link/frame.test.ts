/** Tests how frames are cut and corrupted. The tests compute every checksum again, with another implementation. */
import { expect, test } from 'vitest';
import { corrupted, familyOf, isHousekeeping, isSynAck, offloadBytes, peerOf, segmentsOf } from './frame.ts';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import type { Family } from '../../lab/vocabulary/topology.ts';

const l3 = offloadBytes + 14;
const ipBytes = { 4: 20, 6: 40 } as const;

/** Computes the checksum step by step as RFC 1071 describes it. The result is 0 if the data holds the right checksum. */
function residue(...parts: Buffer[]): number {
  let sum = 0;
  for (const part of parts) for (const [at, byte] of part.entries()) sum += at % 2 === 0 ? byte * 256 : byte;
  return 0xffff - (sum % 0xffff || 0xffff);
}

/** The pseudo header of RFC 9293 section 3.1 or RFC 8200 section 8.1. */
function pseudoHeader(packet: Buffer, family: Family, lengthBytes: number): Buffer {
  const addresses = family === 4 ? packet.subarray(l3 + 12, l3 + 20) : packet.subarray(l3 + 8, l3 + 40);
  return Buffer.concat([addresses, Buffer.from([0, 0, lengthBytes >> 8, lengthBytes & 0xff, 0, 6])]);
}

/** Returns a TCP segment without its checksum, as the sender's kernel hands it over. A large segment also has the size of the segments to cut. */
function tcpPacket(family: Family, payload: Buffer, { flags = 0x18, segmentBytes = 0 } = {}): Buffer {
  const tcpLength = 20 + payload.length;
  const packet = Buffer.alloc(l3 + ipBytes[family]);
  packet[0] = 1;
  packet[1] = segmentBytes === 0 ? 0 : family === 4 ? 1 : 4;
  packet.writeUInt16LE(segmentBytes, 4);
  packet.writeUInt16LE(14 + ipBytes[family], 6);
  packet.writeUInt16LE(16, 8);
  packet.writeUInt16BE(family === 4 ? 0x0800 : 0x86dd, l3 - 2);
  if (family === 4) {
    packet[l3] = 0x45;
    packet.writeUInt16BE(20 + tcpLength, l3 + 2);
    packet.writeUInt16BE(0xfffe, l3 + 4);
    packet[l3 + 8] = 64;
    packet[l3 + 9] = 6;
    packet.set([198, 51, 100, 11, 198, 51, 100, 200], l3 + 12);
    packet.writeUInt16BE(residue(packet.subarray(l3, l3 + 20)), l3 + 10);
  } else {
    packet[l3] = 0x60;
    packet.writeUInt16BE(tcpLength, l3 + 4);
    packet[l3 + 6] = 6;
    packet.set([0x20, 0x01, 0x0d, 0xb8, 0, 1], l3 + 8);
    packet.set([0x20, 0x01, 0x0d, 0xb8, 0, 1], l3 + 24);
    packet[l3 + 23] = 0x11;
    packet[l3 + 39] = 0xfa;
  }
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(8080, 0);
  tcp.writeUInt32BE(0xffffff00, 4);
  tcp[12] = 5 << 4;
  tcp[13] = flags;
  tcp.writeUInt16BE(0xffff - residue(pseudoHeader(packet, family, tcpLength)), 16);
  return Buffer.concat([packet, tcp, payload]);
}

function expectSound(packet: Buffer, family: Family): void {
  if (family === 4) expect(residue(packet.subarray(l3, l3 + 20))).toBe(0);
  const l4 = l3 + ipBytes[family];
  const whole = Buffer.from(packet);
  if (whole[0] === 1) {
    // Do the work of the receiver or the network card: sum everything from the given start, and write the result into the given field.
    const partial = residue(whole.subarray(l4));
    whole.writeUInt16BE(partial, l4 + 16);
  }
  expect(residue(pseudoHeader(whole, family, whole.length - l4), whole.subarray(l4))).toBe(0);
}

test.each([4, 6] as const)('a large IPv%i segment is cut into the segments that would be on a wire', (family) => {
  const payload = Buffer.from(Array.from({ length: 3_001 }, (_, at) => at & 0xff));
  const FIN_PSH_ACK_CWR = 0x99;
  const packet = tcpPacket(family, payload, { flags: FIN_PSH_ACK_CWR, segmentBytes: 1_000 });
  const segments = segmentsOf(packet);
  const l4 = l3 + ipBytes[family];
  expect(Buffer.concat(segments.map((segment) => segment.subarray(l4 + 20)))).toEqual(payload);
  expect(segments.map((segment) => segment.length - l4 - 20)).toEqual([1_000, 1_000, 1_000, 1]);
  // Sequence numbers wrap at 2^32 (RFC 9293 section 3.4).
  expect(segments.map((segment) => segment.readUInt32BE(l4 + 4))).toEqual([0xffffff00, 0x2e8, 0x6d0, 0xab8]);
  expect(segments.map((segment) => segment[l4 + 13])).toEqual([0x90, 0x10, 0x10, 0x19]);
  expect(segments.map((segment) => segment[1])).toEqual([0, 0, 0, 0]);
  if (family === 4) expect(segments.map((segment) => segment.readUInt16BE(l3 + 4))).toEqual([0xfffe, 0xffff, 0, 1]);
  for (const segment of segments) expectSound(segment, family);
});

test.each([4, 6] as const)('a small IPv%i packet stays as it is', (family) => {
  const packet = tcpPacket(family, Buffer.from('GET'));
  expect(segmentsOf(packet)).toEqual([packet]);
  expectSound(packet, family);
});

test.each([4, 6] as const)('a corrupted IPv%i packet has one flipped bit after the IP header, and its checksum detects it', (family) => {
  const random = seededRandom('1');
  const packet = tcpPacket(family, Buffer.from('Hello, World'));
  const l4 = l3 + ipBytes[family];
  const sound = Buffer.from(packet);
  sound.writeUInt16BE(residue(sound.subarray(l4)), l4 + 16);
  const bytes = new Set<number>();
  for (let times = 0; times < 500; times++) {
    const damaged = corrupted(packet, random);
    // The offload header is empty, so the receiver's kernel must verify the checksum.
    expect(damaged.subarray(0, offloadBytes)).toEqual(Buffer.alloc(offloadBytes));
    expect(damaged.subarray(offloadBytes, l4)).toEqual(packet.subarray(offloadBytes, l4));
    const flipped = [...damaged.subarray(l4)].map((byte, at) => byte ^ (sound[l4 + at] ?? 0));
    expect(flipped.filter((byte) => byte !== 0).map((byte) => byte.toString(2).replaceAll('0', ''))).toEqual(['1']);
    expect(residue(pseudoHeader(damaged, family, damaged.length - l4), damaged.subarray(l4))).not.toBe(0);
    bytes.add(flipped.findIndex((byte) => byte !== 0));
  }
  expect(bytes.size).toBe(20 + 'Hello, World'.length);
});

test('families, peers, SYN-ACKs and housekeeping are recognised', () => {
  const [ipv4, ipv6] = [tcpPacket(4, Buffer.alloc(0), { flags: 0x12 }), tcpPacket(6, Buffer.alloc(0), { flags: 0x02 })];
  const arp = Buffer.alloc(l3 + 28);
  arp.writeUInt16BE(0x0806, l3 - 2);
  const solicitation = Buffer.from(ipv6);
  solicitation[l3 + 6] = 58;
  solicitation[l3 + 40] = 135;
  const echo = Buffer.from(solicitation);
  echo[l3 + 40] = 128;
  const report = Buffer.from(ipv6);
  report.set([0xff, 0x02], l3 + 24);
  expect([ipv4, ipv6, arp, Buffer.alloc(l3), Buffer.alloc(3)].map(familyOf)).toEqual([4, 6, null, null, null]);
  expect([ipv4, ipv6, arp, solicitation, echo, report].map(isHousekeeping)).toEqual([false, false, true, true, false, true]);
  expect([ipv4, ipv6, arp].map(isSynAck)).toEqual([true, false, false]);
  expect([peerOf(ipv4, 'source'), peerOf(ipv4, 'destination'), peerOf(arp, 'source')]).toEqual(['c633640b', 'c63364c8', '']);
  expect(peerOf(ipv6, 'destination')).toBe('20010db80001000000000000000000fa');
});
