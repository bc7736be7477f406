/** The listening sockets of a backend, one for each address, so that one family alone can be refused. */
import { once } from 'node:events';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { listenDeaf } from './deaf.ts';

export interface ListenOptions {
  addresses: readonly string[];
  port: number;
  /** Another process may listen on the same port (SO_REUSEPORT, socket(7)), as Envoy's processes do in a hot restart. */
  sharePort: boolean;
  accept: (socket: Socket) => void;
}

export class Listeners {
  readonly #options: ListenOptions;
  readonly #servers = new Map<string, Server>();
  /** Sockets that listen and never accept, by address. */
  readonly #deaf = new Map<string, Worker>();

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  /** The addresses that are listened on. */
  get addresses(): string[] {
    return [...this.#servers.keys()];
  }

  /**
   * The backend's address of a family. Commands name a family, not an address, so that they mean the same to a process that listens on
   * other addresses (lab/faults/move.ts).
   * @throws {Error} where it has none.
   */
  addressOf(family: unknown): string {
    const { addresses } = this.#options;
    const address = addresses.find((each) => isIP(each) === family);
    if (address === undefined) throw new Error(`Expected the family of one of ${addresses.join(', ')}, got ${JSON.stringify(family)}.`);
    return address;
  }

  /** Resolves when `address` is listened on. @throws {Error} when it cannot be. */
  async listen(address: string): Promise<void> {
    await this.#deaf.get(address)?.terminate();
    this.#deaf.delete(address);
    // The options that node:http gives to its own sockets. A FIN of the client must not end a response that is under way.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.#options.accept);
    server.listen({ port: this.#options.port, host: address, reusePort: this.#options.sharePort });
    await once(server, 'listening');
    this.#servers.set(address, server);
  }

  /** Stops listening on `address`: the kernel refuses new connections with RST. Established connections stay. @throws {Error} where nothing listens. */
  refuse(address: string): void {
    const server = this.#servers.get(address);
    if (!server) throw new Error(`Not listening on ${address}. Listening on: ${this.addresses.join(', ') || 'none'}.`);
    this.#servers.delete(address);
    server.close();
  }

  /** Stops listening on every address; returns those that were listened on. */
  refuseAll(): string[] {
    const { addresses } = this;
    for (const address of addresses) this.refuse(address);
    return addresses;
  }

  /** Listens with a backlog, and accepts no connection. */
  async deafen(address: string, backlog: number): Promise<void> {
    this.refuse(address);
    this.#deaf.set(address, await listenDeaf({ address, port: this.#options.port, backlog }));
  }
}
