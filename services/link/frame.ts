/**
 * Reads and changes single frames for the relay. Before each frame stands a header in which the kernel says which work it has left to
 * the hardware (packet(7), PACKET_VNET_HDR; struct virtio_net_hdr of linux/virtio_net.h). The kernel leaves checksums and the cutting
 * of large TCP segments to the hardware, and between the hosts of one machine there is no hardware:
 *
 *   0 flags │ 1 gso type │ 2 header length │ 4 segment size │ 6 checksum from │ 8 checksum at │ 10 the frame …
 */
import type { Family } from '../../lab/vocabulary/topology.ts';

/** Bytes of struct virtio_net_hdr. */
export const offloadBytes = 10;

const NEEDS_CSUM = 1;
const GSO_NONE = 0;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
/** A flag that is added to the type when TCP marks congestion (RFC 3168). */
const GSO_ECN = 0x80;

const ethernetBytes = 14;
const etherTypes = new Map<number, Family>([[0x0800, 4], [0x86dd, 6]]);
const ipv4HeaderBytes = 20;
const ipv6HeaderBytes = 40;
const ICMPV6 = 58;
const TCP = 6;
const FIN = 0x01;
const SYN = 0x02;
const PSH = 0x08;
const ACK = 0x10;
const CWR = 0x80;

/** The offsets of the Ethernet header and the IP header. */
const at = { l2: offloadBytes, l3: offloadBytes + ethernetBytes };

/** Returns the IP version, or null for a frame that is not IP, such as ARP. */
export function familyOf(packet: Buffer): Family | null {
  const family = packet.length >= at.l3 ? etherTypes.get(packet.readUInt16BE(at.l3 - 2)) : undefined;
  return family !== undefined && packet.length >= at.l3 + (family === 6 ? ipv6HeaderBytes : ipv4HeaderBytes) ? family : null;
}

/** Returns the peer's address in hexadecimal digits: `source` of a frame to the host, `destination` of a frame from it. Empty if it is not IP. */
export function peerOf(packet: Buffer, end: 'source' | 'destination'): string {
  const family = familyOf(packet);
  if (family === null) return '';
  const [offset, bytes] = family === 6 ? [8, 16] : [12, 4];
  const from = at.l3 + offset + (end === 'source' ? 0 : bytes);
  return packet.toString('hex', from, from + bytes);
}

/**
 * Whether the frame is the link's own housekeeping: ARP (RFC 826), neighbour discovery (ICMPv6 types 133 to 137, RFC 4861), or a
 * packet to a multicast group of the link, such as a report of group membership (RFC 3810, RFC 3376).
 */
export function isHousekeeping(packet: Buffer): boolean {
  const family = familyOf(packet);
  if (family === null) return true;
  if (family === 4) return packet.readUIntBE(at.l3 + 16, 3) === 0xe00000;
  if (packet.readUInt16BE(at.l3 + 24) === 0xff02) return true;
  const type = packet[at.l3 + ipv6HeaderBytes] ?? 0;
  return packet[at.l3 + 6] === ICMPV6 && type >= 133 && type <= 137;
}

/** Whether the frame is a SYN-ACK, the second step of TCP's handshake (RFC 9293 section 3.5). */
export function isSynAck(packet: Buffer): boolean {
  const l4 = tcpAt(packet);
  return l4 !== null && ((packet[l4 + 13] ?? 0) & (SYN | ACK)) === (SYN | ACK);
}

/** Returns the offset of the IP payload. IPv6 extension headers count as payload, because no host of the lab sends any. */
function payloadAt(packet: Buffer, family: Family): number {
  return at.l3 + (family === 6 ? ipv6HeaderBytes : ((packet[at.l3] ?? 0) & 0x0f) * 4);
}

/** Returns the offset of the TCP header, or null if the frame is not TCP. */
function tcpAt(packet: Buffer): number | null {
  const family = familyOf(packet);
  if (family === null) return null;
  const protocol = packet[at.l3 + (family === 6 ? 6 : 9)];
  const l4 = payloadAt(packet, family);
  return protocol === TCP && packet.length >= l4 + 20 ? l4 : null;
}

/**
 * Cuts a large TCP segment into the segments that would be on a wire, each still without its checksum. Returns a copy of any other
 * frame. Loss, corruption and the other faults must hit one segment at a time and not 64 KiB at once.
 */
export function segmentsOf(packet: Buffer): Buffer[] {
  const type = (packet[1] ?? 0) & ~GSO_ECN;
  const family = type === GSO_TCPV4 ? 4 : type === GSO_TCPV6 ? 6 : null;
  if (family === null) return [Buffer.from(packet)];
  const segmentBytes = packet.readUInt16LE(4);
  const l4 = payloadAt(packet, family);
  const headerEnd = l4 + ((packet[l4 + 12] ?? 0) >> 4) * 4;
  const flags = packet[l4 + 13] ?? 0;
  const segments: Buffer[] = [];
  for (let from = headerEnd; from < packet.length; from += segmentBytes) {
    const payload = packet.subarray(from, from + segmentBytes);
    const segment = Buffer.concat([packet.subarray(0, headerEnd), payload]);
    const first = from === headerEnd;
    const last = from + segmentBytes >= packet.length;
    segment[1] = GSO_NONE;
    segment.writeUInt16LE(0, 4);
    segment.writeUInt32BE((packet.readUInt32BE(l4 + 4) + from - headerEnd) >>> 0, l4 + 4);
    segment[l4 + 13] = flags & ~(last ? 0 : FIN | PSH) & ~(first ? 0 : CWR);
    // The checksum field holds the sum of the pseudo header, which ends with TCP's length (RFC 9293 section 3.1).
    const sum = packet.readUInt16BE(l4 + 16) + (~(packet.length - l4) & 0xffff) + (segment.length - l4);
    segment.writeUInt16BE(fold(sum), l4 + 16);
    if (family === 6) {
      segment.writeUInt16BE(segment.length - l4, at.l3 + 4);
    } else {
      segment.writeUInt16BE(segment.length - at.l3, at.l3 + 2);
      segment.writeUInt16BE((packet.readUInt16BE(at.l3 + 4) + segments.length) & 0xffff, at.l3 + 4);
      segment.writeUInt16BE(0, at.l3 + 10);
      segment.writeUInt16BE(~fold(sumOf(segment, at.l3, l4)) & 0xffff, at.l3 + 10);
    }
    segments.push(segment);
  }
  return segments;
}

/**
 * Returns a copy with one flipped bit in the IP payload; `random` selects the bit. The checksum is filled in first, because a receiver
 * accepts a frame whose checksum was left to the hardware. A checksum always detects one flipped bit.
 */
export function corrupted(packet: Buffer, random: () => number): Buffer {
  const family = familyOf(packet);
  const copy = Buffer.from(packet);
  if (family === null) return copy;
  fillChecksum(copy);
  const from = payloadAt(copy, family);
  // Take the length from the IP header, because Ethernet may have padded the frame.
  const end = Math.min(at.l3 + (family === 6 ? ipv6HeaderBytes + copy.readUInt16BE(at.l3 + 4) : copy.readUInt16BE(at.l3 + 2)), copy.length);
  const bit = Math.floor(random() * (end - from) * 8);
  const byte = from + (bit >> 3);
  if (byte < end) copy[byte] = (copy[byte] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** Completes a checksum that the sender's kernel has left to the hardware (RFC 1071). */
function fillChecksum(packet: Buffer): void {
  if (((packet[0] ?? 0) & NEEDS_CSUM) === 0) return;
  const from = at.l2 + packet.readUInt16LE(6);
  const checksum = ~fold(sumOf(packet, from, packet.length)) & 0xffff;
  // In UDP a checksum of 0 means "no checksum" (RFC 768), so 0 becomes 0xffff. TCP treats the two values as equal.
  packet.writeUInt16BE(checksum || 0xffff, from + packet.readUInt16LE(8));
  packet.fill(0, 0, offloadBytes);
}

function sumOf(packet: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let offset = from; offset + 1 < to; offset += 2) sum += packet.readUInt16BE(offset);
  return (to - from) % 2 === 1 ? sum + ((packet[to - 1] ?? 0) << 8) : sum;
}

function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}
