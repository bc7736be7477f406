/**
 * Writes a capture file in the format pcapng (draft-ietf-opsawg-pcapng). Times are in nanoseconds, and interface and hosts have names.
 * Comments of the packets say what the lab did.
 */
import type { CapturedFrame } from '../vocabulary/frame-records.ts';

export interface CaptureFile {
  frames: readonly CapturedFrame[];
  interfaceName: string;
  /** The kind of the interface, and its host. */
  interfaceDescription: string;
  /** How many frames the kernel dropped because its buffer was full. */
  dropped: number;
  /** The program that captured. */
  application: string;
  /** The comment of the whole file. */
  comment: string;
  /** The secrets of TLS connections, as lines of a key log. Without them, the file has no block of them. */
  secrets?: string;
  /** Names for addresses, as Wireshark shows them. */
  names: readonly { address: string; name: string }[];
  /** Remarks, each with a time on the clock of the frames. A remark becomes a comment of the first frame at or after that time. */
  remarks: readonly { atMs: number; text: string }[];
}

const blockTypes = { section: 0x0a0d0d0a, interface: 1, nameResolution: 4, statistics: 5, packet: 6, secrets: 10 };
/** The secrets of a Decryption Secrets Block are a TLS key log: `TLSK` (draft-ietf-opsawg-pcapng section 4.7). */
export const tlsKeyLogSecrets = 0x544c534b;
const linkTypeEthernet = 1;
const option = { comment: 1, application: 4, interfaceName: 2, interfaceDescription: 3, timeResolution: 9, received: 4, dropped: 5 };
const nanoseconds = 9;

/** Returns the whole file. A remark after the last frame becomes a comment of the last frame. Without frames, remarks become comments of the section. */
export function buildPcapng({ frames, interfaceName, interfaceDescription, dropped, application, comment, secrets = '', names, remarks }: CaptureFile): Buffer {
  const comments = commentsByFrame(frames, remarks);
  const unplaced = frames.length === 0 ? remarks.map(({ text }) => text) : [];
  return Buffer.concat([
    block(blockTypes.section, sectionBody(), [textOption(option.application, application), ...[comment, ...unplaced].map((text) => textOption(option.comment, text))]),
    // In front of all packets, so that a program that reads the file once has them in time.
    ...inPieces(secrets).map((piece) => block(blockTypes.secrets, secretsBody(piece), [])),
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

/** A block: type, length, body, options, and the length again. All lengths are multiples of four bytes. */
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

/** Code, length and value. Options and the records of name resolution have the same format. */
function anyOption(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

function textOption(code: number, text: string): Buffer {
  // The length field of an option has 16 bits.
  return anyOption(code, Buffer.from(text).subarray(0, 65_535));
}

/** Byte order, version 1.0, and the section length -1, which means "not specified". */
function sectionBody(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  body.writeBigInt64LE(-1n, 8);
  return body;
}

/** A program that reads the file takes a block as a whole. */
const longestSecrets = 1024 * 1024;

/** Cuts a text behind the last line that fits into a block. */
function inPieces(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += pieces.at(-1)?.length ?? 0) {
    const isLast = text.length - from <= longestSecrets;
    pieces.push(text.slice(from, isLast ? text.length : text.lastIndexOf('\n', from + longestSecrets - 1) + 1));
  }
  return pieces;
}

/** Type, length, and the text. */
function secretsBody(secrets: string): Buffer {
  const text = Buffer.from(secrets);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(tlsKeyLogSecrets, 0);
  head.writeUInt32LE(text.length, 4);
  return Buffer.concat([head, padded(text)]);
}

/** Link type Ethernet, and 0 as the limit of a frame's length, which means "no limit". */
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

/** Writes the time as two 32-bit numbers, the high half first. */
function writeTime(body: Buffer, at: number, realtimeNs: bigint): void {
  body.writeUInt32LE(Number(realtimeNs >> 32n), at);
  body.writeUInt32LE(Number(realtimeNs & 0xffffffffn), at + 4);
}

function counter(count: number): Buffer {
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(BigInt(count), 0);
  return value;
}

/** A record of name resolution: the address, and the name with a zero byte at its end. Type 1 is IPv4, type 2 is IPv6. */
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
