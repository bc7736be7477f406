/**
 * Parses the bytes of a frame: Ethernet, ARP, IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP, ICMP (RFC 792),
 * ICMPv6 (RFC 4443, RFC 4861). A frame that is cut short or contradicts itself is `malformed`, with the reason. A frame of any other
 * protocol is `other`.
 */

import { icmpError, icmpv6Error, type IcmpReason } from './icmp.ts';
import { etherTypes, linkLayer, linkTypes } from './link-layer.ts';

export type Packet = (TcpSegment & Addressed) | (UdpDatagram & Addressed) | (IcmpError & Addressed) | Neighbour | { kind: 'other' } | { kind: 'malformed'; reason: string };

export interface Addressed {
  family: 4 | 6;
  /** IPv4's identification, which Linux counts up for each packet of a connection. */
  identification?: number | undefined;
  from: string;
  to: string;
}

export interface TcpSegment {
  kind: 'tcp';
  fromPort: number;
  toPort: number;
  sequence: number;
  acknowledged: number;
  syn: boolean;
  ack: boolean;
  /** The window that the sender announces, unscaled. 0 stops the other side. */
  window: number;
  /** TSval of the timestamps option, or null (RFC 7323 section 3). */
  timestamp: number | null;
  /** Whether the sender has received bytes behind a gap: the segment has SACK blocks (RFC 2018). */
  hasSack: boolean;
  fin: boolean;
  rst: boolean;
  payload: Buffer;
  /** The length of the payload according to the IP header. `payload` is shorter if the capture has cut the frame. */
  payloadBytes: number;
}

export interface UdpDatagram {
  kind: 'udp';
  fromPort: number;
  toPort: number;
  payload: Buffer;
}

/** An ICMP error. `about` is the packet that caused it. */
export interface IcmpError extends IcmpReason {
  about: Addressed & { protocol: number; fromPort: number; toPort: number };
}

/** ARP or Neighbour Discovery. */
export interface Neighbour {
  kind: 'neighbour-solicitation' | 'neighbour-answer';
  family: 4 | 6;
  /** A solicitation asks for the hardware address of this address. An answer gives it. */
  address: string;
  from: string;
  /** The frame went to all hosts, because the sender does not know the hardware address. Otherwise it asks one host whether it is still there. */
  toAll: boolean;
}

const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };
/** IPv6 extension headers that have a next header and a length (RFC 8200 section 4). */
const extensionHeaders = new Set([0, 43, 60]);
const fragmentHeader = 44;

class Malformed extends Error {}

/**
 * Returns the content of a frame. Never throws: a broken frame is `malformed`. `linkType`: what stands before the IP header (link-layer.ts).
 * `lengthBytes`: the length of the frame, if the capture has cut it.
 */
export function parseFrame(frame: Buffer, linkType: number = linkTypes.ethernet, lengthBytes = frame.length): Packet {
  try {
    return parseLink(frame, linkType, lengthBytes);
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', reason: error.message };
    throw error;
  }
}

function parseLink(frame: Buffer, linkType: number, lengthBytes: number): Packet {
  const link = linkLayer(frame, linkType);
  if ('unknownLink' in link) return { kind: 'other' };
  if ('tooShortFor' in link) throw new Malformed(`${frame.length} bytes are too short for ${link.tooShortFor}`);
  const { etherType, rest, toAll } = link;
  if (etherType === etherTypes.arp) return parseArp(rest, toAll);
  const isCut = lengthBytes > frame.length;
  if (etherType === etherTypes.ipv4) return parseIpv4(rest, lengthBytes - (frame.length - rest.length), isCut);
  if (etherType === etherTypes.ipv6) return parseIpv6(rest, toAll, isCut);
  return { kind: 'other' };
}

/** The fields of an ARP packet (RFC 826): hardware, protocol, sizes, operation, sender and target. */
function parseArp(arp: Buffer, toAll: boolean): Packet {
  expectBytes(arp, 28, 'ARP');
  const operation = arp.readUInt16BE(6);
  const sender = ipv4At(arp, 14);
  const target = ipv4At(arp, 24);
  // An announcement asks for no address (RFC 5227 section 3). Docker 28 sends some for each container.
  if (sender === target) return { kind: 'other' };
  if (operation === 1) return { kind: 'neighbour-solicitation', family: 4, address: target, from: sender, toAll };
  return operation === 2 ? { kind: 'neighbour-answer', family: 4, address: sender, from: sender, toAll } : { kind: 'other' };
}

function parseIpv4(packet: Buffer, packetBytes: number, isCut: boolean): Packet {
  const { headerBytes, protocol, hasPorts, about } = ipv4Header(packet);
  // A packet that the network card is to cut into segments may have no length of its own.
  const totalBytes = packet.readUInt16BE(2) || packetBytes;
  if (totalBytes < headerBytes) throw new Malformed(`an IPv4 packet of ${totalBytes} bytes with a header of ${headerBytes} bytes`);
  if (!hasPorts) return { kind: 'other' };
  return parseTransport(protocol, packet.subarray(headerBytes, totalBytes), totalBytes - headerBytes, about, { toAll: false, isCut });
}

/** `hasPorts`: of several fragments, only the first one has the header of the transport. */
function ipv4Header(packet: Buffer): { headerBytes: number; protocol: number; hasPorts: boolean; about: Addressed } {
  expectBytes(packet, 20, 'an IPv4 header');
  const [first = 0] = packet;
  const headerBytes = (first & 0x0f) * 4;
  if (first >> 4 !== 4 || headerBytes < 20) throw new Malformed(`version ${first >> 4} and a header of ${headerBytes} bytes are not IPv4`);
  expectBytes(packet, headerBytes, 'an IPv4 header with its options');
  return {
    headerBytes,
    protocol: packet[9] ?? 0,
    hasPorts: (packet.readUInt16BE(6) & 0x1fff) === 0,
    about: { family: 4, from: ipv4At(packet, 12), to: ipv4At(packet, 16), identification: packet.readUInt16BE(4) },
  };
}

function parseIpv6(packet: Buffer, toAll: boolean, isCut: boolean): Packet {
  const { protocol, payload, about, payloadBytes } = ipv6Payload(packet);
  return payload === null ? { kind: 'other' } : parseTransport(protocol, payload, payloadBytes, about, { toAll, isCut });
}

/** Skips the extension headers. `payload` is null for every fragment but the first, which alone has the transport header. */
function ipv6Payload(packet: Buffer): { protocol: number; payload: Buffer | null; payloadBytes: number; about: Addressed } {
  expectBytes(packet, 40, 'an IPv6 header');
  if ((packet[0] ?? 0) >> 4 !== 6) throw new Malformed(`version ${(packet[0] ?? 0) >> 4} is not IPv6`);
  const about: Addressed = { family: 6, from: ipv6At(packet, 8), to: ipv6At(packet, 24) };
  const end = 40 + packet.readUInt16BE(4);
  let protocol = packet[6] ?? 0;
  let at = 40;
  while (extensionHeaders.has(protocol) || protocol === fragmentHeader) {
    expectBytes(packet, at + 8, 'an IPv6 extension header');
    if (protocol === fragmentHeader && packet.readUInt16BE(at + 2) >> 3 > 0) return { protocol, payload: null, payloadBytes: 0, about };
    const lengthBytes = protocol === fragmentHeader ? 8 : ((packet[at + 1] ?? 0) + 1) * 8;
    protocol = packet[at] ?? 0;
    at += lengthBytes;
  }
  if (at > end) throw new Malformed('IPv6 extension headers that go beyond the end of the packet');
  return { protocol, payload: packet.subarray(at, end), payloadBytes: end - at, about };
}

function parseTransport(protocol: number, payload: Buffer, payloadBytes: number, about: Addressed, { toAll, isCut }: { toAll: boolean; isCut: boolean }): Packet {
  if (protocol === protocols.tcp) return parseTcp(payload, payloadBytes, about, isCut);
  // Only of TCP, headers alone say something: the flow goes on.
  expectBytes(payload, payloadBytes, `an IP packet with ${payloadBytes} bytes of payload`);
  if (protocol === protocols.udp) {
    expectBytes(payload, 8, 'a UDP header');
    return { ...about, kind: 'udp', fromPort: payload.readUInt16BE(0), toPort: payload.readUInt16BE(2), payload: payload.subarray(8) };
  }
  if (protocol === protocols.icmp && about.family === 4) return parseIcmp(payload, about);
  if (protocol === protocols.icmpv6 && about.family === 6) return parseIcmpv6(payload, about, toAll);
  return { kind: 'other' };
}

function parseTcp(segment: Buffer, segmentBytes: number, { family, from, to, identification }: Addressed, isCut: boolean): TcpSegment & Addressed {
  expectBytes(segment, 20, 'a TCP header');
  const headerBytes = ((segment[12] ?? 0) >> 4) * 4;
  if (headerBytes < 20 || headerBytes > segmentBytes) throw new Malformed(`a TCP header of ${headerBytes} bytes in a segment of ${segmentBytes} bytes`);
  // A capture that has cut the options still tells everything else.
  if (!isCut) expectBytes(segment, headerBytes, 'a TCP header with its options');
  const flags = segment[13] ?? 0;
  const { timestamp, hasSack } = headerBytes === 20 ? noOptions : parseOptions(segment.subarray(20, headerBytes));
  // One literal: a capture can have millions of segments, and to copy fields takes longer than all the rest.
  return {
    kind: 'tcp',
    family,
    from,
    to,
    identification,
    fromPort: segment.readUInt16BE(0),
    toPort: segment.readUInt16BE(2),
    sequence: segment.readUInt32BE(4),
    acknowledged: segment.readUInt32BE(8),
    fin: (flags & 0x01) > 0,
    syn: (flags & 0x02) > 0,
    rst: (flags & 0x04) > 0,
    ack: (flags & 0x10) > 0,
    window: segment.readUInt16BE(14),
    timestamp,
    hasSack,
    payload: segment.subarray(headerBytes),
    payloadBytes: segmentBytes - headerBytes,
  };
}

const noOptions = { timestamp: null, hasSack: false };

/** TCP options (RFC 9293 section 3.1): kind, length, value. What is cut short ends the list. */
function parseOptions(options: Buffer): Pick<TcpSegment, 'timestamp' | 'hasSack'> {
  let [timestamp, hasSack]: [number | null, boolean] = [null, false];
  for (let at = 0; at < options.length; ) {
    const kind = options[at] ?? 0;
    if (kind === 0) break;
    const lengthBytes = kind === 1 ? 1 : (options[at + 1] ?? 0);
    if (lengthBytes < 1 || (kind !== 1 && lengthBytes < 2) || at + lengthBytes > options.length) break;
    if (kind === 8 && lengthBytes === 10) timestamp = options.readUInt32BE(at + 2);
    if (kind === 5 && lengthBytes >= 10) hasSack = true;
    at += lengthBytes;
  }
  return { timestamp, hasSack };
}

function parseIcmp(message: Buffer, about: Addressed): Packet {
  expectBytes(message, 8, 'an ICMP header');
  const error = icmpError(message);
  if (!error) return { kind: 'other' };
  const inner = message.subarray(8);
  const { headerBytes, protocol, hasPorts, about: quoted } = ipv4Header(inner);
  return hasPorts ? withQuoted(about, error, { ...quoted, protocol }, inner.subarray(headerBytes)) : { kind: 'other' };
}

function parseIcmpv6(message: Buffer, about: Addressed, toAll: boolean): Packet {
  expectBytes(message, 8, 'an ICMPv6 header');
  const type = message[0] ?? 0;
  // Neighbour solicitation and advertisement: the target follows the header.
  if (type === 135 || type === 136) {
    expectBytes(message, 24, 'a neighbour message');
    return { kind: type === 135 ? 'neighbour-solicitation' : 'neighbour-answer', family: 6, address: ipv6At(message, 8), from: about.from, toAll };
  }
  const error = icmpv6Error(message);
  if (!error) return { kind: 'other' };
  const { protocol, payload, about: quoted } = ipv6Payload(message.subarray(8));
  return payload === null ? { kind: 'other' } : withQuoted(about, error, { ...quoted, protocol }, payload);
}

/** An ICMP error quotes the start of the packet that it is about. Only TCP and UDP have ports. */
function withQuoted(about: Addressed, error: IcmpReason, quoted: Addressed & { protocol: number }, quotedPayload: Buffer): Packet {
  if (quoted.protocol !== protocols.tcp && quoted.protocol !== protocols.udp) return { kind: 'other' };
  expectBytes(quotedPayload, 4, 'the ports inside an ICMP message');
  return { ...about, ...error, about: { ...quoted, ...portsAt(quotedPayload, 0) } };
}

function portsAt(bytes: Buffer, at: number): { fromPort: number; toPort: number } {
  return { fromPort: bytes.readUInt16BE(at), toPort: bytes.readUInt16BE(at + 2) };
}

function expectBytes(bytes: Buffer, needed: number, what: string): void {
  if (bytes.length < needed) throw new Malformed(`${bytes.length} bytes are too short for ${what}`);
}

/** Returns the IPv4 address at an offset. */
export function ipv4At(bytes: Buffer, at: number): string {
  return `${bytes[at] ?? 0}.${bytes[at + 1] ?? 0}.${bytes[at + 2] ?? 0}.${bytes[at + 3] ?? 0}`;
}

/** Returns the IPv6 address at an offset, in the text form of RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
export function ipv6At(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + index * 2).toString(16));
  const runs = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)];
  const longest = runs.reduce<RegExpExecArray | undefined>((best, run) => (run[0].length > (best?.[0].length ?? 0) ? run : best), undefined);
  if (!longest) return groups.join(':');
  const text = groups.join(':');
  return `${text.slice(0, longest.index).replace(/:$/, '')}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}
