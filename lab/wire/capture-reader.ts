/**
 * Reads capture files of other programs: pcap (draft-ietf-opsawg-pcap: microseconds and nanoseconds, both byte orders) and pcapng
 * (draft-ietf-opsawg-pcapng). It reads a stream and keeps one frame at a time, so a file may be larger than the memory.
 */
import { LabError } from '../vocabulary/errors.ts';
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import { ipv4At, ipv6At } from './packets.ts';
import { tlsKeyLogSecrets } from './pcapng.ts';

/** A frame of a file. `atMs` counts from the first frame of the file. */
export interface FileFrame extends CapturedFrame {
  /** LINKTYPE_…: what stands before the IP header (https://www.tcpdump.org/linktypes.html). */
  linkType: number;
  /** Which interface of its section it was captured on. Null: a pcap file does not say it. */
  interface: number | null;
}

/** What a file says beside its frames. */
export interface FileFacts {
  format: 'pcap' | 'pcapng';
  frames: number;
  /** The names that the file has for addresses. */
  names: Map<string, string>;
  /** How many frames the capturing kernel dropped, as the file says. Null if it does not say: a pcap file never does. */
  dropped: number | null;
  /** The file ends in the middle of a frame: the capturing program was killed, or the file was copied while it was written. */
  endsEarly: boolean;
  /** Frames without a time, which were left out (pcapng, Simple Packet Block). */
  withoutTime: number;
}

/** No interface has longer frames. A file that says so is broken. */
const longestFrameBytes = 16 * 1024 * 1024;
const pcapMagics: Record<number, { isBig: boolean; perSecond: bigint }> = {
  0xa1b2c3d4: { isBig: true, perSecond: 1_000_000n },
  0xd4c3b2a1: { isBig: false, perSecond: 1_000_000n },
  0xa1b23c4d: { isBig: true, perSecond: 1_000_000_000n },
  0x4d3cb2a1: { isBig: false, perSecond: 1_000_000_000n },
};
const sectionBlock = 0x0a0d0d0a;
const blockTypes = { interface: 1, oldPacket: 2, simplePacket: 3, names: 4, statistics: 5, packet: 6, secrets: 10 };

/** An interface of a pcapng section. */
interface Interface {
  number: number | null;
  linkType: number;
  /** Units of its times in one second, and the seconds that are added to each. */
  perSecond: bigint;
  offsetS: bigint;
  dropped: number | null;
}

/**
 * Calls `onFrame` with each frame, in the order of the file, and `onSecrets` with each key log of TLS in it. `file` is the name for messages.
 * @throws {LabError} BAD_INPUT when it is not a capture file, or contradicts itself. The message names the place.
 */
export async function readCapture(file: string, chunks: AsyncIterable<Buffer>, onFrame: (frame: FileFrame) => void, onSecrets: (keyLog: string) => void = () => undefined): Promise<FileFacts> {
  const reader = new Reader(file, onFrame, onSecrets);
  for await (const chunk of chunks) reader.take(chunk);
  return reader.end();
}

class Reader {
  readonly #file: string;
  readonly #onFrame: (frame: FileFrame) => void;
  readonly #onSecrets: (keyLog: string) => void;
  readonly #facts: FileFacts = { format: 'pcap', frames: 0, names: new Map(), dropped: null, endsEarly: false, withoutTime: 0 };
  #rest: Buffer = Buffer.alloc(0);
  /** Where `#rest` begins in the file. */
  #offset = 0;
  #isBig = false;
  /** Reads the next block or record, and returns how many bytes it has. 0: it is not there yet. */
  #step: (bytes: Buffer) => number = (bytes) => this.#begin(bytes);
  #interfaces: Interface[] = [];
  #firstNs: bigint | null = null;

  constructor(file: string, onFrame: (frame: FileFrame) => void, onSecrets: (keyLog: string) => void) {
    this.#file = file;
    this.#onFrame = onFrame;
    this.#onSecrets = onSecrets;
  }

  take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let taken = this.#step(bytes); taken > 0; taken = this.#step(bytes)) {
      bytes = bytes.subarray(taken);
      this.#offset += taken;
    }
    this.#rest = bytes;
  }

  end(): FileFacts {
    if (this.#offset === 0) throw this.#bad(this.#rest.length === 0 ? 'it is empty' : `it begins with ${this.#rest.toString('hex', 0, 4)}`);
    this.#facts.endsEarly = this.#rest.length > 0;
    return this.#facts;
  }

  #begin(bytes: Buffer): number {
    if (bytes.length < 4) return 0;
    const magic = bytes.readUInt32BE(0);
    if (magic === sectionBlock) {
      this.#facts.format = 'pcapng';
      this.#step = (next) => this.#block(next);
      return this.#block(bytes);
    }
    if (magic >>> 16 === 0x1f8b) throw this.#bad('it is compressed by gzip: run gunzip first');
    const kind = pcapMagics[magic];
    if (!kind) throw this.#bad(`it begins with ${bytes.toString('hex', 0, 4)}`);
    if (bytes.length < 24) return 0;
    this.#isBig = kind.isBig;
    // The upper bits of the link type say whether frames end with a checksum.
    this.#interfaces = [{ number: null, linkType: this.#u32(bytes, 20) & 0xffff, perSecond: kind.perSecond, offsetS: 0n, dropped: null }];
    this.#step = (next) => this.#record(next);
    return 24;
  }

  /** A record of pcap: seconds, fraction, captured bytes, frame length, frame. */
  #record(bytes: Buffer): number {
    if (bytes.length < 16) return 0;
    const capturedBytes = this.#frameBytes(this.#u32(bytes, 8));
    if (bytes.length < 16 + capturedBytes) return 0;
    const [only] = this.#interfaces;
    if (only) this.#frame(only, BigInt(this.#u32(bytes, 0)) * only.perSecond + BigInt(this.#u32(bytes, 4)), this.#u32(bytes, 12), bytes.subarray(16, 16 + capturedBytes));
    return 16 + capturedBytes;
  }

  /** A block of pcapng: type, length, body, length. */
  #block(bytes: Buffer): number {
    if (bytes.length < 12) return 0;
    if (bytes.readUInt32BE(0) === sectionBlock) {
      const order = bytes.readUInt32BE(8);
      if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) throw this.#bad(`the section at byte ${this.#offset} has the byte order ${order.toString(16)}`);
      this.#isBig = order === 0x1a2b3c4d;
      // Each section counts its interfaces from 0.
      this.#interfaces = [];
    }
    const length = this.#u32(bytes, 4);
    if (length < 12 || length % 4 > 0 || length > longestFrameBytes) throw this.#bad(`the block at byte ${this.#offset} says that it has ${length} bytes`);
    if (bytes.length < length) return 0;
    this.#body(this.#u32(bytes, 0), bytes.subarray(8, length - 4));
    return length;
  }

  #body(type: number, body: Buffer): void {
    switch (type) {
      case blockTypes.interface:
        this.#atLeast(body, 8);
        this.#interfaces.push({ number: this.#interfaces.length, linkType: this.#u16(body, 0), ...this.#times(body), dropped: null });
        break;
      case blockTypes.packet:
      case blockTypes.oldPacket: {
        this.#atLeast(body, 20);
        const on = this.#interfaceAt(type === blockTypes.packet ? this.#u32(body, 0) : this.#u16(body, 0));
        const capturedBytes = this.#frameBytes(this.#u32(body, 12));
        this.#atLeast(body, 20 + capturedBytes);
        this.#frame(on, (BigInt(this.#u32(body, 4)) << 32n) + BigInt(this.#u32(body, 8)), this.#u32(body, 16), body.subarray(20, 20 + capturedBytes));
        break;
      }
      case blockTypes.simplePacket:
        this.#facts.withoutTime++;
        break;
      case blockTypes.names:
        this.#names(body);
        break;
      case blockTypes.secrets:
        this.#atLeast(body, 8);
        if (this.#u32(body, 0) === tlsKeyLogSecrets) this.#onSecrets(body.toString('latin1', 8, 8 + this.#u32(body, 4)));
        break;
      case blockTypes.statistics:
        this.#atLeast(body, 12);
        this.#dropped(this.#interfaceAt(this.#u32(body, 0)), body);
        break;
    }
  }

  /** if_tsresol (a power of ten, or of two if the highest bit is set) and if_tsoffset. */
  #times(body: Buffer): Pick<Interface, 'perSecond' | 'offsetS'> {
    const [resolution] = this.#option(body, 8, 9) ?? [6];
    const offset = this.#option(body, 8, 14);
    const power = BigInt((resolution ?? 6) & 0x7f);
    if (power > 63n) throw this.#bad(`the interface at byte ${this.#offset} has a time resolution of ${power} digits`);
    return {
      perSecond: ((resolution ?? 6) & 0x80) > 0 ? 2n ** power : 10n ** power,
      offsetS: offset?.length === 8 ? (this.#isBig ? offset.readBigInt64BE(0) : offset.readBigInt64LE(0)) : 0n,
    };
  }

  /** Each record has a type (1: IPv4, 2: IPv6), the address, and names that end with a zero byte. */
  #names(body: Buffer): void {
    for (let at = 0; at + 4 <= body.length; ) {
      const [type, length] = [this.#u16(body, at), this.#u16(body, at + 2)];
      if (type === 0) return;
      const value = body.subarray(at + 4, at + 4 + length);
      const addressBytes = type === 1 ? 4 : type === 2 ? 16 : 0;
      const name = value.toString('utf8', addressBytes).split('\0')[0] ?? '';
      if (addressBytes > 0 && value.length > addressBytes && name !== '') this.#facts.names.set(type === 1 ? ipv4At(value, 0) : ipv6At(value, 0), name);
      at += 4 + length + ((4 - (length % 4)) % 4);
    }
  }

  /** isb_ifdrop counts from the start of the capture, so the last block of an interface counts. */
  #dropped(on: Interface, body: Buffer): void {
    const value = this.#option(body, 12, 5);
    if (value?.length !== 8) return;
    const dropped = Number(this.#isBig ? value.readBigUInt64BE(0) : value.readBigUInt64LE(0));
    this.#facts.dropped = (this.#facts.dropped ?? 0) - (on.dropped ?? 0) + dropped;
    on.dropped = dropped;
  }

  /** The value of the first option with this code, behind `from`. */
  #option(body: Buffer, from: number, code: number): Buffer | null {
    for (let at = from; at + 4 <= body.length; ) {
      const [found, length] = [this.#u16(body, at), this.#u16(body, at + 2)];
      if (found === 0) return null;
      if (found === code) return body.subarray(at + 4, at + 4 + length);
      at += 4 + length + ((4 - (length % 4)) % 4);
    }
    return null;
  }

  #frame(on: Interface, time: bigint, lengthBytes: number, bytes: Buffer): void {
    const realtimeNs = on.offsetS * 1_000_000_000n + (time * 1_000_000_000n) / on.perSecond;
    this.#firstNs ??= realtimeNs;
    this.#onFrame({ number: ++this.#facts.frames, realtimeNs, atMs: Number(realtimeNs - this.#firstNs) / 1e6, lengthBytes, bytes, linkType: on.linkType, interface: on.number });
  }

  #interfaceAt(index: number): Interface {
    const found = this.#interfaces[index];
    if (!found) throw this.#bad(`the block at byte ${this.#offset} is of interface ${index}, and the section has ${this.#interfaces.length}`);
    return found;
  }

  #frameBytes(bytes: number): number {
    if (bytes > longestFrameBytes) throw this.#bad(`the frame at byte ${this.#offset} says that it has ${bytes} bytes`);
    return bytes;
  }

  #atLeast(body: Buffer, bytes: number): void {
    if (body.length < bytes) throw this.#bad(`the block at byte ${this.#offset} is too short`);
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#isBig ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
  }

  #bad(seen: string): LabError {
    return new LabError('BAD_INPUT', `Expected ${this.#file} to be a capture file (pcap or pcapng): ${seen}.`);
  }
}
