/**
 * Connections that the observer holds: what was established before a fault, and what the fault does to it. Bytes are counted as
 * they come, before any HTTP client would give them a meaning.
 */
import { connect, type Socket } from 'node:net';
import { nowMs } from '../../lab/vocabulary/events.ts';

/** How a held connection looks now: `open`, `FIN` (its other end has no more to send), or an error code as the kernel names it. */
export interface HeldSighting {
  outcome: string;
  startMs: number;
  tookMs: number;
  /** Bytes received on it since it was asked, headers included. */
  bytes: number;
  /** The server's process that answered, by its own word (x-process); empty where it said none. */
  process: string;
}

class Held {
  readonly #socket: Socket;
  /** What ended it, or null. */
  #end: string | null = null;
  #received = '';
  #onChange: () => void = () => undefined;

  constructor(address: string, port: number) {
    this.#socket = connect({ host: address, port });
    this.#socket.setEncoding('latin1').on('data', (chunk: string) => { this.#received += chunk; this.#onChange(); });
    this.#socket.once('end', () => { this.#finish('FIN'); });
    this.#socket.once('error', (error: NodeJS.ErrnoException) => { this.#finish(error.code ?? error.message); });
  }

  connected(timeoutMs: number): Promise<HeldSighting> {
    this.#socket.once('connect', () => { this.#onChange(); });
    return this.#until('silent', timeoutMs, () => (this.#socket.connecting ? null : 'connected'));
  }

  /** One GET; ends with the whole response. */
  get(path: string, close: boolean, timeoutMs: number): Promise<HeldSighting> {
    this.#received = '';
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: observer\r\n${close ? 'Connection: close\r\n' : ''}\r\n`);
    return this.#until('silent', timeoutMs, () => {
      const headersEnd = this.#received.indexOf('\r\n\r\n') + 4;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1]);
      return headersEnd >= 4 && this.#received.length >= headersEnd + length ? 'response' : null;
    });
  }

  /** Waits for its end. */
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

  #until(otherwise: string, timeoutMs: number, look: () => string | null): Promise<HeldSighting> {
    const startMs = nowMs();
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
      // What the kernel holds for this process already comes before the verdict: a busy machine is not silence.
      const timer = setTimeout(() => { setImmediate(done, otherwise); }, timeoutMs);
      this.#onChange = settle;
      settle();
    });
  }
}

const connections = new Map<number, Held>();
let lastId = 0;

const heldAt = (id: unknown): Held => connections.get(Number(id)) ?? raise(new Error(`No held connection ${String(id)}.`));

/** Commands of the observer; see lab/network/probe.ts for the other end. */
export const heldCommands = {
  hold: async ({ address, port, timeoutMs }: Record<string, unknown>) => {
    const id = ++lastId;
    const held = new Held(String(address), Number(port));
    connections.set(id, held);
    return { id, ...(await held.connected(Number(timeoutMs))) };
  },
  'held-get': ({ id, path, close, timeoutMs }: Record<string, unknown>) => heldAt(id).get(String(path), close === true, Number(timeoutMs)),
  'held-end': ({ id, timeoutMs }: Record<string, unknown>) => heldAt(id).ended(Number(timeoutMs)),
  release: ({ id }: Record<string, unknown>) => {
    heldAt(id).release();
    connections.delete(Number(id));
  },
};

function raise(error: Error): never {
  throw error;
}
