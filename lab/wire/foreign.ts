/**
 * Captures that the lab did not make: which end of a flow has opened it, and what it speaks, is seen from the packets, or not known. Nothing is taken
 * from a port number but DNS.
 */
import { dnsPort } from '../vocabulary/topology.ts';
import { Http1 } from './http1.ts';
import type { TcpSegment } from './packets.ts';
import type { FlowEnds, Side, StreamProtocol, WireEvent } from './stream.ts';
import { Tls } from './tls.ts';
import type { TlsKeys } from './tls-keys.ts';

/** What a flow speaks. `other`: anything but these. */
export type Spoken = 'http' | 'tls' | 'http2' | 'other';

const methods = ['GET ', 'HEAD ', 'POST ', 'PUT ', 'PATCH ', 'DELETE ', 'OPTIONS ', 'CONNECT ', 'TRACE '];
/** The preface of a client that speaks HTTP/2 without TLS (RFC 9113 section 3.4). */
const http2Preface = 'PRI * HTTP/2.0\r\n';
const longestStart = http2Preface.length;

/** What the first bytes of a client say: TLS begins with a handshake record of version 3 (RFC 8446 section 5.1). Null: more bytes are needed. */
function spokenBy(bytes: Buffer): Spoken | null {
  const text = bytes.toString('latin1', 0, longestStart);
  if (methods.some((each) => text.startsWith(each))) return 'http';
  if (text.startsWith(http2Preface)) return 'http2';
  if (bytes[0] === 0x16) return bytes.length < 2 ? null : bytes[1] === 3 ? 'tls' : 'other';
  return [...methods, http2Preface].some((each) => each.startsWith(text)) ? null : 'other';
}

/** Looks at the flows of a capture, and counts what it has seen. */
export class Foreign {
  /** How many connections of the client speak what. One that carried no bytes of the client counts nowhere. */
  readonly spoken: Record<Spoken, number> = nothing();
  /** The same of what is inside the TLS connections that could be decrypted. */
  readonly inside: Record<Spoken, number> = nothing();
  /** How many TLS connections could be decrypted. */
  decrypted = 0;
  readonly #keys: TlsKeys | null;
  readonly #unknown = new Set<string>();

  /** `keys`: of TLS connections. Without them, it reads nothing inside of TLS. */
  constructor(keys: TlsKeys | null = null) {
    this.#keys = keys;
  }

  /** How many connections began before the capture, and do not show who has opened them. */
  get unknownFlows(): number {
    return this.#unknown.size;
  }

  /** Which end has opened a flow whose first SYN is not known, by the first segment that tells it. `key` is a name for the flow. */
  openerOf(segment: TcpSegment, isSent: boolean, port: number, key: string): 'client' | 'other end' | 'unknown' {
    // A SYN opens a connection, and the other end answers it with SYN and ACK.
    if (segment.syn) return segment.ack === isSent ? 'other end' : 'client';
    if (port === dnsPort) return 'client';
    const spoken = spokenBy(segment.payload);
    if (spoken === null || spoken === 'other') {
      if (this.#unknown.size < mostUnknown) this.#unknown.add(key);
      return 'unknown';
    }
    this.#unknown.delete(key);
    return isSent ? 'client' : 'other end';
  }

  protocolOf(ends: FlowEnds): StreamProtocol {
    const keys = this.#keys;
    return new Recognised(ends, this.spoken, keys === null ? undefined : () => new Tls(keys, new Recognised(ends, this.inside), () => { this.decrypted += 1; }));
  }
}

function nothing(): Record<Spoken, number> {
  return { http: 0, tls: 0, http2: 0, other: 0 };
}

/** A scan of all ports makes very many of them. */
const mostUnknown = 100_000;

/** Waits for the first bytes of the client, and reads HTTP if that is what they begin. */
class Recognised implements StreamProtocol {
  readonly #ends: FlowEnds;
  readonly #spoken: Record<Spoken, number>;
  /** Makes what reads the inside of TLS. */
  readonly #tls: (() => StreamProtocol) | undefined;
  #start: Buffer = Buffer.alloc(0);
  #protocol: StreamProtocol | null = null;
  #isDecided = false;

  constructor(ends: FlowEnds, spoken: Record<Spoken, number>, tls?: () => StreamProtocol) {
    this.#ends = ends;
    this.#spoken = spoken;
    this.#tls = tls;
  }

  take(side: Side, bytes: Buffer): WireEvent[] {
    if (this.#isDecided) return this.#protocol?.take(side, bytes) ?? [];
    // In HTTP and TLS, the client is the first to say something.
    if (side === 'server') return this.#decide('other', bytes);
    this.#start = Buffer.concat([this.#start, bytes]);
    const spoken = spokenBy(this.#start);
    return spoken === null ? [] : this.#decide(spoken, this.#start);
  }

  #decide(spoken: Spoken, bytes: Buffer): WireEvent[] {
    this.#isDecided = true;
    this.#spoken[spoken]++;
    this.#start = Buffer.alloc(0);
    this.#protocol = spoken === 'http' ? new Http1(this.#ends) : spoken === 'tls' ? (this.#tls?.() ?? null) : null;
    return this.#protocol?.take('client', bytes) ?? [];
  }
}
