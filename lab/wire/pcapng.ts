/**
 * A capture file that explains itself: pcapng (draft-ietf-opsawg-pcapng), nanoseconds, interface and hosts named, and what the lab
 * did written beside the frames as packet comments.
 */
import type { CapturedFrame } from '../vocabulary/frame-records.ts';

export interface CaptureFile {
  frames: readonly CapturedFrame[];
  interfaceName: string;
  /** What the interface is, and of which host. */
  interfaceDescription: string;
  /** Frames the kernel had no room for. */
  dropped: number;
  /** The program that captured. */
  application: string;
  /** What the file is about. */
  comment: string;
  /** Names for addresses, as Wireshark shows them. */
  names: readonly { address: string; name: string }[];
  /** Remarks, each at a moment of the frames' own clock; a remark is a comment of the first frame that is not before it. */
  remarks: readonly { atMs: number; text: string }[];
}

const blockTypes = { section: 0x0a0d0d0a, interface: 1, nameResolution: 4, statistics: 5, packet: 6 };
const linkTypeEthernet = 1;
const option = { comment: 1, application: 4, interfaceName: 2, interfaceDescription: 3, timeResolution: 9, received: 4, dropped: 5 };
const nanoseconds = 9;

/** The whole file. Remarks after the last frame are comments of the last one; without any frame they are the section's. */
export function buildPcapng({ frames, interfaceName, interfaceDescription, dropped, application, comment, names, remarks }: CaptureFile): Buffer {
  const comments = commentsByFrame(frames, remarks);
  const unplaced = frames.length === 0 ? remarks.map(({ text }) => text) : [];
  return Buffer.concat([
    block(blockTypes.section, sectionBody(), [textOption(option.application, application), ...[comment, ...unplaced].map((text) => textOption(option.comment, text))]),
    block(blockTypes.interface, interfaceBody(), [
      textOption(option.interfaceName, interfaceName),
      textOption(option.interfaceDescription, interfaceDescription),
      anyOption(option.timeResolution, Buffer.of(nanoseconds)),
    ]),
    ...(names.length > 0 ? [block(blockTypes.nameResolution, Buffer.concat([...names.map(nameRecord), Buffer.alloc(4)]), [])] : []),
    ...frames.map((frame, index) => block(blockTypes.packet, packetBody(frame), (comments.get(index) ?? []).map((text) => textOption(option.comment, text)))),
    block(blockTypes.statistics, statisticsBody(frames.at(-1)?.realtimeNs ?? 0n), [
      anyOption(option.received, counter(frames.length + dropped)),
      anyOption(option.dropped, counter(dropped)),
    ]),
  ]);
}

function commentsByFrame(frames: readonly CapturedFrame[], remarks: CaptureFile['remarks']): Map<number, string[]> {
  const comments = new Map<number, string[]>();
  if (frames.length === 0) return comments;
  let index = 0;
  for (const { atMs, text } of remarks.toSorted((one, other) => one.atMs - other.atMs)) {
    while (index < frames.length - 1 && (frames[index]?.atMs ?? 0) < atMs) index++;
    const place = (frames[index]?.atMs ?? 0) < atMs ? `after this frame: ${text}` : text;
    comments.set(index, [...(comments.get(index) ?? []), place]);
  }
  return comments;
}

/** Type and length around it, the length again at its end, all in multiples of four bytes. */
function block(type: number, body: Buffer, options: Buffer[]): Buffer {
  const all = options.length > 0 ? [body, ...options, Buffer.alloc(4)] : [body];
  const length = 12 + all.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(length, 0);
  return Buffer.concat([head, ...all, tail]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

/** Code and length, then the value: options and the records of name resolution alike. */
function anyOption(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

function textOption(code: number, text: string): Buffer {
  // An option's length is 16 bits.
  return anyOption(code, Buffer.from(text).subarray(0, 65_535));
}

/** Byte order, version 1.0, and a length of the section that is not told. */
function sectionBody(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  body.writeBigInt64LE(-1n, 8);
  return body;
}

/** Ethernet, and no limit to a frame's length. */
function interfaceBody(): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkTypeEthernet, 0);
  return body;
}

function packetBody({ realtimeNs, lengthBytes, bytes }: CapturedFrame): Buffer {
  const head = Buffer.alloc(20);
  writeTime(head, 4, realtimeNs);
  head.writeUInt32LE(bytes.length, 12);
  head.writeUInt32LE(lengthBytes, 16);
  return Buffer.concat([head, padded(bytes)]);
}

function statisticsBody(realtimeNs: bigint): Buffer {
  const body = Buffer.alloc(12);
  writeTime(body, 4, realtimeNs);
  return body;
}

/** High half first. */
function writeTime(body: Buffer, at: number, realtimeNs: bigint): void {
  body.writeUInt32LE(Number(realtimeNs >> 32n), at);
  body.writeUInt32LE(Number(realtimeNs & 0xffffffffn), at + 4);
}

function counter(count: number): Buffer {
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(BigInt(count), 0);
  return value;
}

/** Address, then the name with a zero at its end; type 1 is IPv4, 2 is IPv6. */
function nameRecord({ address, name }: { address: string; name: string }): Buffer {
  const bytes = address.includes(':') ? ipv6Bytes(address) : Buffer.from(address.split('.').map(Number));
  return anyOption(address.includes(':') ? 2 : 1, Buffer.concat([bytes, Buffer.from(`${name}\0`)]));
}

function ipv6Bytes(address: string): Buffer {
  const [before = '', after = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const missing = address.includes('::') ? 8 - groups(before).length - groups(after).length : 0;
  const bytes = Buffer.alloc(16);
  [...groups(before), ...Array.from({ length: missing }, () => '0'), ...groups(after)].forEach((group, at) => bytes.writeUInt16BE(parseInt(group, 16), at * 2));
  return bytes;
}
