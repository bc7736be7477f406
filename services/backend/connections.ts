/** The behaviour of a broken server below HTTP: it closes connections late, or cuts them after a number of bytes. */
import type { Socket } from 'node:net';
import { oneOf, orNull, readValue, someOf, wholeNumber } from '../../lab/vocabulary/values.ts';
import { endings, type Ending } from './behaviour.ts';

export interface ConnectionBehaviour {
  /** Time between the moment at which the server closes a connection and its FIN. */
  closeDelayMs: number;
  /** A connection is cut when it has carried so many bytes of responses; null cuts none. */
  cutAfterBytes: number | null;
  cutWith: Ending;
}

export const connectionFields = { closeDelayMs: wholeNumber(0, 600_000), cutAfterBytes: orNull(wholeNumber(0, 600_000)), cutWith: oneOf(endings) };
const connectionChange = someOf<ConnectionBehaviour>(connectionFields);

/** A reset discards the bytes that the kernel has not sent yet. They get this time to leave. */
const flushMs = 20;

/** The behaviour of all connections of a server. It may change while they live. */
export class Connections {
  #behaviour: ConnectionBehaviour = { closeDelayMs: 0, cutAfterBytes: null, cutWith: 'fin' };
  /** Counts the changes: the bytes of each connection are counted from the last change. */
  #change = 0;

  /** @throws {LabError} BAD_INPUT that names the field, what was expected and what was seen. */
  set(change: unknown): ConnectionBehaviour {
    const next = { ...this.#behaviour, ...readValue(connectionChange, change, '', 'the behaviour of connections') };
    if (next.cutAfterBytes !== this.#behaviour.cutAfterBytes || next.cutWith !== this.#behaviour.cutWith) this.#change++;
    return (this.#behaviour = next);
  }

  /** Gives a new connection this behaviour. `onCut` is called when it is cut. Over TLS, `socket` carries the bytes of HTTP, and `raw` is the TCP connection below it. */
  add(socket: Socket, onCut: (ending: Ending) => void, raw = socket): void {
    const end = socket.end.bind(socket) as (...args: unknown[]) => Socket;
    // Every orderly close calls `end`, including Node's own `destroySoon`.
    const endLate = (...args: unknown[]): Socket => {
      const { closeDelayMs } = this.#behaviour;
      if (closeDelayMs === 0) return end(...args);
      setTimeout(end, closeDelayMs, ...args);
      return socket;
    };
    const write = socket._write.bind(socket);
    let [counted, sent, cut] = [this.#change, 0, false];
    const writeUpTo = (bytes: Buffer, done: (error?: Error | null) => void): void => {
      const { cutAfterBytes, cutWith } = this.#behaviour;
      if (counted !== this.#change) [counted, sent] = [this.#change, 0];
      // The HTTP server still writes. The connection is cut, so its bytes are lost.
      if (cut) { done(); return; }
      const left = cutAfterBytes === null ? Infinity : Math.max(cutAfterBytes - sent, 0);
      sent += Math.min(bytes.length, left);
      if (bytes.length < left) { write(bytes, 'buffer' as BufferEncoding, done); return; }
      cut = true;
      write(bytes.subarray(0, left), 'buffer' as BufferEncoding, (error) => {
        done(error);
        onCut(cutWith);
        if (cutWith === 'fin') setImmediate(() => { socket.destroySoon(); });
        else setTimeout(() => { raw.resetAndDestroy(); }, flushMs);
      });
    };
    // A writable stream writes by these two methods (Node's documentation, "Implementing a writable stream").
    Object.assign(socket, {
      end: endLate,
      _write: (chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error | null) => void) => { writeUpTo(toBuffer(chunk, encoding), done); },
      _writev: (chunks: { chunk: Buffer | string; encoding: BufferEncoding }[], done: (error?: Error | null) => void) => {
        writeUpTo(Buffer.concat(chunks.map(({ chunk, encoding }) => toBuffer(chunk, encoding))), done);
      },
    });
  }
}

function toBuffer(chunk: Buffer | string, encoding: BufferEncoding): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}
