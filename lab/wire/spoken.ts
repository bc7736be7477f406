/** What a flow speaks, by the first bytes of its client. Nothing is taken from a port number. */
import { http2Preface } from '../vocabulary/http2-frame.ts';
import type { Side, StreamProtocol, WireEvent } from './stream.ts';

/** `other`: anything but these. */
export type Spoken = 'http' | 'tls' | 'http2' | 'other';

const methods = ['GET ', 'HEAD ', 'POST ', 'PUT ', 'PATCH ', 'DELETE ', 'OPTIONS ', 'CONNECT ', 'TRACE '];
/** The first line of the preface of HTTP/2 (RFC 9113 section 3.4). */
const http2Start = http2Preface.slice(0, http2Preface.indexOf('\n') + 1);
const longestStart = http2Start.length;

/** What the first bytes of a client say: TLS begins with a handshake record of version 3 (RFC 8446 section 5.1). Null: more bytes are needed. */
export function spokenBy(bytes: Buffer): Spoken | null {
  const text = bytes.toString('latin1', 0, longestStart);
  if (methods.some((each) => text.startsWith(each))) return 'http';
  if (text.startsWith(http2Start)) return 'http2';
  if (bytes[0] === 0x16) return bytes.length < 2 ? null : bytes[1] === 3 ? 'tls' : 'other';
  return [...methods, http2Start].some((each) => each.startsWith(text)) ? null : 'other';
}

/** Waits for the first bytes of the client, and lets `choose` make what reads them and all that follows. */
export class Recognised implements StreamProtocol {
  readonly #choose: (spoken: Spoken) => StreamProtocol | null;
  #start: Buffer = Buffer.alloc(0);
  #startMs = 0;
  #chosen: StreamProtocol | null = null;
  #isDecided = false;

  /** `choose` is called once. It returns null for what nothing reads. */
  constructor(choose: (spoken: Spoken) => StreamProtocol | null) {
    this.#choose = choose;
  }

  take(side: Side, bytes: Buffer, atMs: number): WireEvent[] {
    if (this.#isDecided) return this.#chosen?.take(side, bytes, atMs) ?? [];
    // In HTTP/1.1 and TLS, the client is the first to say something.
    if (side === 'server') return this.#decide('other', side, bytes, atMs);
    if (this.#start.length === 0) this.#startMs = atMs;
    this.#start = Buffer.concat([this.#start, bytes]);
    const spoken = spokenBy(this.#start);
    return spoken === null ? [] : this.#decide(spoken, side, this.#start, this.#startMs);
  }

  end(side: Side, atMs: number): WireEvent[] {
    return this.#chosen?.end?.(side, atMs) ?? [];
  }

  forget(): void {
    this.#chosen?.forget?.();
  }

  #decide(spoken: Spoken, side: Side, bytes: Buffer, atMs: number): WireEvent[] {
    this.#isDecided = true;
    this.#chosen = this.#choose(spoken);
    this.#start = Buffer.alloc(0);
    return this.#chosen?.take(side, bytes, atMs) ?? [];
  }
}
