/** Reads HTTP/2 on the wire (RFC 9113), from the preface of the client on: requests, responses, and the frames that say what happens to streams and to the connection. */
import { HpackDecoder, type Field } from './hpack.ts';
import { frameFlags as flags, frameTypes as types, http2ErrorName, http2Preface, lastStreamOfAll, type Http2Frame } from '../vocabulary/http2-frame.ts';
import { headerTableSize, settingName } from './http2-settings.ts';
import type { FlowEnds, Side, StreamProtocol, WireEvent } from './stream.ts';

/** The frames whose payload is read. The payload of others is passed over. */
const readTypes: ReadonlySet<number> = new Set([types.headers, types.rstStream, types.settings, types.pushPromise, types.ping, types.goaway, types.continuation]);
const preface = Buffer.from(http2Preface);
const headerBytes = 9;
/** Longer frames are allowed for data only where both sides have agreed, and no other frame needs as much. */
const longestFrame = 256 * 1024;
/** The header fields of one message, in all their frames. */
const longestBlock = 256 * 1024;
/** How much of a request line an event has. */
const longestTold = 200;

interface Frame extends Http2Frame {
  /** The time of the TCP segment that has its first byte. */
  startMs: number;
}

/** Header fields that are not whole: CONTINUATION follows. `isPromise`: they are of a request that the server will answer without being asked. */
interface Block {
  stream: number;
  isPromise: boolean;
  parts: Buffer[];
  bytes: number;
  startMs: number;
}

interface SideState {
  /** Bytes of a frame that is not whole, and the time of the first of them. */
  left: Buffer;
  leftMs: number;
  /** How many bytes of a payload are still passed over. */
  passBytes: number;
  /** Null behind a broken block: what follows cannot be decoded. */
  fields: HpackDecoder | null;
  block: Block | null;
}

export class Http2 implements StreamProtocol {
  readonly #ends: FlowEnds;
  readonly #sides: Record<Side, SideState> = { client: newSide(), server: newSide() };
  #hasPreface = false;
  #isOver = false;
  #requests = 0;
  /** The highest stream that the client has opened. Lower ones are known (section 5.1.1). */
  #lastStream = 0;
  /** The number of the request on each stream that has no response. */
  readonly #unanswered = new Map<number, number>();

  constructor(ends: FlowEnds) {
    this.#ends = ends;
  }

  take(side: Side, bytes: Buffer, atMs: number): WireEvent[] {
    const state = this.#sides[side];
    const events: WireEvent[] = [];
    const passed = Math.min(state.passBytes, bytes.length);
    state.passBytes -= passed;
    let left = bytes.subarray(passed);
    if (state.left.length > 0) left = Buffer.concat([state.left, left]);
    else state.leftMs = atMs;
    if (side === 'client' && !this.#hasPreface) {
      if (left.length >= preface.length) {
        this.#isOver = !left.subarray(0, preface.length).equals(preface);
        this.#hasPreface = true;
        left = left.subarray(preface.length);
      }
    }
    while (!this.#isOver && left.length >= headerBytes && (side === 'server' || this.#hasPreface)) {
      const length = left.readUIntBE(0, 3);
      const type = left[3] ?? 0;
      const isRead = readTypes.has(type);
      if (isRead && length > longestFrame) {
        this.#isOver = true;
        break;
      }
      if (isRead && left.length < headerBytes + length) break;
      const payload = left.subarray(headerBytes, headerBytes + length);
      if (isRead) events.push(...this.#frame(side, state, { type, flags: left[4] ?? 0, stream: left.readUInt32BE(5) & lastStreamOfAll, payload, startMs: state.leftMs }));
      else if (state.block) state.fields = null;
      state.passBytes = length - payload.length;
      left = left.subarray(headerBytes + payload.length);
      state.leftMs = atMs;
    }
    // The rest of a segment must not keep the whole segment.
    state.left = this.#isOver ? Buffer.alloc(0) : Buffer.from(left);
    return events;
  }

  #frame(side: Side, state: SideState, frame: Frame): WireEvent[] {
    const { type, stream, payload, startMs: atMs } = frame;
    // Nothing may stand between the frames of a block (section 4.3).
    if (state.block && (type !== types.continuation || stream !== state.block.stream)) state.fields = null;
    const about = { ...this.#ends, sender: side };
    switch (type) {
      case types.headers:
      case types.pushPromise:
        return this.#begin(side, state, frame);
      case types.continuation:
        return this.#add(side, state, payload, frame.flags);
      case types.rstStream: {
        if (payload.length !== 4) return [];
        const count = this.#unanswered.get(stream);
        if (side === 'server') this.#unanswered.delete(stream);
        return [{ event: 'wire:h2-rst-stream', ...about, stream, error: http2ErrorName(payload.readUInt32BE(0)), ...(count !== undefined && { count }), atMs }];
      }
      case types.settings:
        return this.#settings(side, frame);
      case types.ping:
        return [{ event: 'wire:h2-ping', ...about, ack: (frame.flags & flags.ack) > 0, atMs }];
      case types.goaway:
        return payload.length < 8 ? [] : [{ event: 'wire:h2-goaway', ...about, lastStream: payload.readUInt32BE(0) & lastStreamOfAll, error: http2ErrorName(payload.readUInt32BE(4)), atMs }];
      default:
        return [];
    }
  }

  #settings(side: Side, { flags: set, payload, startMs: atMs }: Frame): WireEvent[] {
    const settings = Array.from({ length: Math.floor(payload.length / 6) }, (_, index) => ({ id: payload.readUInt16BE(index * 6), value: payload.readUInt32BE(index * 6 + 2) }));
    // What a side announces is for the fields that the other one sends.
    for (const { id, value } of settings) if (id === headerTableSize) this.#sides[side === 'client' ? 'server' : 'client'].fields?.allow(value);
    return [{ event: 'wire:h2-settings', ...this.#ends, sender: side, ack: (set & flags.ack) > 0, settings: settings.slice(0, mostTold).map(({ id, value }) => `${settingName(id)} ${value}`), atMs }];
  }

  /** The first frame of header fields: padding and priority stand around them, and a promise begins with the number of its stream (sections 6.2 and 6.6). */
  #begin(side: Side, state: SideState, { type, flags: set, stream, payload, startMs }: Frame): WireEvent[] {
    const isPromise = type === types.pushPromise;
    const isPadded = (set & flags.padded) > 0;
    const from = (isPadded ? 1 : 0) + (isPromise ? 4 : (set & flags.priority) > 0 ? 5 : 0);
    const to = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
    if (to < from) state.fields = null;
    state.block = { stream, isPromise, parts: [], bytes: 0, startMs };
    return this.#add(side, state, payload.subarray(from, Math.max(from, to)), set);
  }

  #add(side: Side, state: SideState, part: Buffer, set: number): WireEvent[] {
    const { block } = state;
    if (!block || !state.fields) return [];
    block.parts.push(Buffer.from(part));
    block.bytes += part.length;
    if (block.bytes > longestBlock) {
      state.fields = null;
      state.block = null;
      return [];
    }
    if ((set & flags.endHeaders) === 0) return [];
    state.block = null;
    try {
      const fields = state.fields.decode(Buffer.concat(block.parts));
      return block.isPromise ? [] : this.#message(side, block, fields);
    } catch {
      // Without this block, the table of the fields is not known any more.
      state.fields = null;
      return [];
    }
  }

  #message(side: Side, { stream, startMs: atMs }: Block, fields: readonly Field[]): WireEvent[] {
    const valueOf = (name: string): string => fields.find(([each]) => each === name)?.[1] ?? '';
    if (side === 'client') {
      // Fields on a known stream are trailers (section 8.1).
      if (stream % 2 === 0 || stream <= this.#lastStream) return [];
      this.#lastStream = stream;
      const count = ++this.#requests;
      this.#unanswered.set(stream, count);
      return [{ event: 'wire:request', ...this.#ends, count, line: told(`${valueOf(':method')} ${valueOf(':path') || valueOf(':authority')} HTTP/2`), stream, atMs }];
    }
    const count = this.#unanswered.get(stream);
    const status = valueOf(':status');
    // What the server pushes, trailers, and interim responses (RFC 9110 section 15.2) answer no request.
    if (count === undefined || /^1\d\d$/.test(status)) return [];
    this.#unanswered.delete(stream);
    return [{ event: 'wire:response', ...this.#ends, count, line: told(`HTTP/2 ${status}`), stream, atMs }];
  }
}

/** How many settings an event has. There are eight. */
const mostTold = 16;

function newSide(): SideState {
  return { left: Buffer.alloc(0), leftMs: 0, passBytes: 0, fields: new HpackDecoder(), block: null };
}

/** A line for an event. It is empty if it is not text. */
function told(line: string): string {
  return /^[\x20-\x7e]*$/.test(line) ? line.slice(0, longestTold) : '';
}
