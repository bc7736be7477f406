/** One TCP connection of a backend, with what HTTP it carries: HTTP/1.1 or HTTP/2, with TLS below it or without. */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { isIPv6, type Socket } from 'node:net';
import type { Family } from '../../lab/vocabulary/topology.ts';
import type { Ending } from './behaviour.ts';
import type { Http2Error } from '../../lab/vocabulary/http2-frame.ts';

/** What the application can do with the frames of HTTP/2 (h2.ts). */
export interface FrameControl {
  afterData(stream: number, then: () => void): void;
  reset(stream: number, error: Http2Error): void;
  endInTwoPhases(last: ServerHttp2Stream): void;
}

export class Connection {
  readonly id: number;
  readonly from: string;
  readonly address: string;
  /** The TCP connection. */
  readonly raw: Socket;
  /** Carries the bytes of HTTP: the TCP connection, or the TLS connection above it. */
  socket: Socket;
  /** The session of HTTP/2. Null over HTTP/1.1. */
  session: ServerHttp2Session | null = null;
  /** The frames of HTTP/2. Null over HTTP/1.1. */
  frames: FrameControl | null = null;
  requests = 0;
  /** Requests that have no response yet. */
  open = 0;

  constructor(id: number, raw: Socket) {
    this.id = id;
    this.raw = raw;
    this.socket = raw;
    this.from = raw.remoteAddress ?? '';
    this.address = raw.localAddress ?? '';
  }

  get family(): Family {
    return isIPv6(this.address) ? 6 : 4;
  }

  /** Who the connection is, as its events say it. */
  get about(): { connection: number; from: string; address: string } {
    return { connection: this.id, from: this.from, address: this.address };
  }

  /** Ends the connection at once, without a word of HTTP. With `closeNotify` off, TLS says nothing either, so the end may be that of somebody else (RFC 8446 section 6.1). */
  breakOff(ending: Ending, closeNotify = true): void {
    if (ending === 'rst') this.raw.resetAndDestroy();
    else (closeNotify ? this.socket : this.raw).end();
  }

  /** Closes an idle connection in order. HTTP/2 says so with GOAWAY first (RFC 9113 section 6.8). */
  close(): void {
    if (this.session) this.session.close();
    // TLS ends with close_notify, which `destroy` would leave out.
    else if (this.socket === this.raw) this.raw.destroy();
    else this.socket.end();
  }
}
