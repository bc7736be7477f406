/** What a broken server does with its connections, below HTTP: closes them late, or cuts them after so many bytes. */
import type { Socket } from 'node:net';

export interface ConnectionBehaviour {
  /** Time between the wish to close and FIN. */
  closeDelayMs: number;
  /** Cut a connection once it has carried so many bytes of responses; null for never. */
  cutAfterBytes: number | null;
  cutWith: 'fin' | 'rst';
}

/** Bytes written before a reset would be lost with the kernel's send queue: they get this time to leave. */
const flushMs = 20;

/** The behaviour of all connections of a server, changed while they live. */
export class Connections {
  #behaviour: ConnectionBehaviour = { closeDelayMs: 0, cutAfterBytes: null, cutWith: 'fin' };
  /** Bytes are counted from the last change on. */
  #change = 0;

  /** @throws {Error} naming the field, what was expected and what was seen. */
  set(change: Record<string, unknown>): ConnectionBehaviour {
    const next = { ...this.#behaviour };
    for (const [key, value] of Object.entries(change)) {
      if (key === 'closeDelayMs' && isWhole(value)) next.closeDelayMs = value;
      else if (key === 'cutAfterBytes' && (value === null || isWhole(value))) next.cutAfterBytes = value;
      else if (key === 'cutWith' && (value === 'fin' || value === 'rst')) next.cutWith = value;
      else throw new Error(`Not a behaviour of connections: \`${key}\` = ${JSON.stringify(value)}. Known: closeDelayMs, cutAfterBytes (whole numbers), cutWith (fin, rst).`);
    }
    if (next.cutAfterBytes !== this.#behaviour.cutAfterBytes || next.cutWith !== this.#behaviour.cutWith) this.#change++;
    return (this.#behaviour = next);
  }

  /** Makes a new connection behave so; `onCut` hears of a cut. */
  add(socket: Socket, onCut: (ending: 'fin' | 'rst') => void): void {
    const end = socket.end.bind(socket) as (...args: unknown[]) => Socket;
    // Every orderly close goes through `end`, Node's own `destroySoon` too.
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
      // What HTTP still wants to say is lost, as on a broken wire.
      if (cut) { done(); return; }
      const left = cutAfterBytes === null ? Infinity : Math.max(cutAfterBytes - sent, 0);
      sent += Math.min(bytes.length, left);
      if (bytes.length < left) { write(bytes, 'buffer' as BufferEncoding, done); return; }
      cut = true;
      write(bytes.subarray(0, left), 'buffer' as BufferEncoding, (error) => {
        done(error);
        onCut(cutWith);
        if (cutWith === 'fin') setImmediate(() => { socket.destroySoon(); });
        else setTimeout(() => { socket.resetAndDestroy(); }, flushMs);
      });
    };
    // The two methods in which a stream does its writing (Node's documentation, "Implementing a writable stream").
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

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 600_000;
}
