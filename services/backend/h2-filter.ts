/**
 * Stands between the TLS connection and node:http2, and sees each frame of both sides. So the backend can break HTTP/2 in ways that node:http2 does not have:
 * frames that it leaves out, and frames of its own.
 */
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { encodeFrame, FrameReader, http2Preface, type Http2Frame } from '../../lab/vocabulary/http2-frame.ts';

export interface FrameRules {
  /** A frame of the client. False: node:http2 does not get it. */
  take(frame: Http2Frame): boolean;
  /** A frame of node:http2. False: the client does not get it. */
  give(frame: Http2Frame): boolean;
}

export class H2Filter extends Duplex {
  readonly #socket: Socket;
  readonly #rules: FrameRules;
  readonly #given = new FrameReader();

  constructor(socket: Socket, rules: FrameRules) {
    super();
    this.#socket = socket;
    this.#rules = rules;
    const taken = new FrameReader();
    let preface = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      let rest = bytes;
      if (preface.length < http2Preface.length) {
        const missing = http2Preface.length - preface.length;
        preface = Buffer.concat([preface, bytes.subarray(0, missing)]);
        rest = bytes.subarray(missing);
        this.push(bytes.subarray(0, missing));
      }
      for (const frame of taken.read(rest)) if (rules.take(frame)) this.push(encodeFrame(frame));
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Sends a frame to the client. */
  send(frame: Http2Frame): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame(frame));
  }

  override _read(): void {
    // The lab's clients send little, so nothing holds them back.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const passed = this.#given.read(bytes).filter((frame) => this.#rules.give(frame));
    // The connection may have been ended by a fault, and node:http2 does not know it.
    if (passed.length === 0 || !this.#socket.writable) done();
    else this.#socket.write(Buffer.concat(passed.map(encodeFrame)), () => { done(); });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
