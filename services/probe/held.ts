/**
 * Connections that the observer opens before a fault and holds, to see what the fault does to established connections. The observer
 * counts bytes as they arrive; it uses no HTTP client.
 */
import type { Socket } from 'node:net';
import { nowMs } from '../../lab/vocabulary/events.ts';
import type { Dial } from '../dial.ts';

/**
 * The result of one look at a held connection. `outcome` is `connected`, `response`, `silent` (nothing within the time), `open`, `FIN` (the other end
 * has closed its side), or an error code as the kernel names it.
 */
export interface HeldSighting {
  outcome: string;
  startMs: number;
  tookMs: number;
  /** Bytes received since the last request, headers included. */
  bytes: number;
  /** The server process that answered, from the header x-process; empty without that header. */
  process: string;
}

class Held {
  readonly #socket: Socket;
  /** How the connection ended, or null while it is open. */
  #end: string | null = null;
  #received = '';
  #onChange: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#socket.setEncoding('latin1').on('data', (chunk: string) => { this.#received += chunk; this.#onChange(); });
    this.#socket.once('end', () => { this.#finish('FIN'); });
    this.#socket.once('error', (error: NodeJS.ErrnoException) => { this.#finish(error.code ?? error.message); });
  }

  /** Waits until the connection is established. */
  connected(timeoutMs: number): Promise<HeldSighting> {
    this.#socket.once('connect', () => { this.#onChange(); });
    return this.#until('silent', timeoutMs, () => (this.#socket.connecting ? null : 'connected'));
  }

  /** Makes one GET and waits for the whole response. */
  get(path: string, close: boolean, timeoutMs: number): Promise<HeldSighting> {
    this.#received = '';
    // Before the write: on a busy machine, the server may answer before this process runs again.
    const startMs = nowMs();
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: observer\r\n${close ? 'Connection: close\r\n' : ''}\r\n`);
    return this.#until('silent', timeoutMs, () => {
      const headersEnd = this.#received.indexOf('\r\n\r\n') + 4;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1]);
      return headersEnd >= 4 && this.#received.length >= headersEnd + length ? 'response' : null;
    }, startMs);
  }

  /** Waits for the end of the connection. */
  ended(timeoutMs: number): Promise<HeldSighting> {
    return this.#until('open', timeoutMs, () => null);
  }

  release(): void {
    this.#socket.destroy();
  }

  #finish(how: string): void {
    this.#end ??= how;
    this.#onChange();
  }

  #until(otherwise: string, timeoutMs: number, look: () => string | null, startMs = nowMs()): Promise<HeldSighting> {
    return new Promise((resolve) => {
      const done = (outcome: string): void => {
        clearTimeout(timer);
        this.#onChange = () => undefined;
        resolve({ outcome, startMs, tookMs: nowMs() - startMs, bytes: this.#received.length, process: /\r\nx-process: *(\S+)/i.exec(this.#received)?.[1] ?? '' });
      };
      const settle = (): void => {
        const outcome = look() ?? this.#end;
        if (outcome !== null) done(outcome);
      };
      // First handle the data that the kernel already holds: on a busy machine this process is late, and the connection is not silent.
      const timer = setTimeout(() => { setImmediate(done, otherwise); }, timeoutMs);
      this.#onChange = settle;
      settle();
    });
  }
}

const connections = new Map<number, Held>();
let lastId = 0;

const heldAt = (id: unknown): Held => connections.get(Number(id)) ?? raise(new Error(`The observer holds no connection ${String(id)}.`));

/** The observer's commands for held connections. lab/network/probe.ts calls them. */
export const heldCommands = (dial: Dial) => ({
  hold: async ({ address, port, timeoutMs }: Record<string, unknown>) => {
    const id = ++lastId;
    const held = new Held(dial(String(address), Number(port)));
    connections.set(id, held);
    return { id, ...(await held.connected(Number(timeoutMs))) };
  },
  'held-get': ({ id, path, close, timeoutMs }: Record<string, unknown>) => heldAt(id).get(String(path), close === true, Number(timeoutMs)),
  'held-end': ({ id, timeoutMs }: Record<string, unknown>) => heldAt(id).ended(Number(timeoutMs)),
  release: ({ id }: Record<string, unknown>) => {
    heldAt(id).release();
    connections.delete(Number(id));
  },
});

function raise(error: Error): never {
  throw error;
}
