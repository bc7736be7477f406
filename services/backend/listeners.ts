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

/** Why an address is not listened on: the faults `refuse` and `drain`, a SIGTERM, or another process that has taken over. */
export type ClosedFor = 'refuse' | 'drain' | 'stop' | 'hand-over';

export class Listeners {
  readonly #options: ListenOptions;
  readonly #servers = new Map<string, Server>();
  /** Sockets that listen and never accept, by address. */
  readonly #deaf = new Map<string, Worker>();
  /** Several faults may close the same address. It is listened on again when the last of them is healed. */
  readonly #closedFor = new Map<string, Set<ClosedFor>>();

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  /** The addresses that are listened on. */
  get addresses(): string[] {
    return [...this.#servers.keys()];
  }

  /** The addresses where connections wait, because nobody accepts them. */
  get deafAddresses(): string[] {
    return [...this.#deaf.keys()];
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

  /**
   * Takes back one reason for not listening, or the deafness of the address. Listens if no other reason is left. Resolves when it listens.
   * @throws {Error} when it cannot.
   */
  async open(address: string, reason?: ClosedFor): Promise<void> {
    const reasons = this.#reasonsFor(address);
    if (reason !== undefined) reasons.delete(reason);
    await this.#deaf.get(address)?.terminate();
    this.#deaf.delete(address);
    if (reasons.size > 0 || this.#servers.has(address)) return;
    // The options that node:http gives to its own sockets. A FIN of the client must not end a response that is under way.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.#options.accept);
    server.listen({ port: this.#options.port, host: address, reusePort: this.#options.sharePort });
    await once(server, 'listening');
    this.#servers.set(address, server);
  }

  /** Takes back one reason for every address. Deaf addresses stay deaf. */
  async openAll(reason: ClosedFor): Promise<void> {
    for (const address of this.#options.addresses) {
      if (this.#deaf.has(address)) this.#reasonsFor(address).delete(reason);
      else await this.open(address, reason);
    }
  }

  /** Stops listening on `address`: the kernel refuses new connections with RST. Established connections stay. @throws {Error} where nothing listens, unless for another reason. */
  close(address: string, reason: ClosedFor): void {
    const reasons = this.#reasonsFor(address);
    if (!this.#servers.has(address) && (reasons.size === 0 || reasons.has(reason))) throw new Error(`Not listening on ${address}. Listening on: ${this.addresses.join(', ') || 'none'}.`);
    reasons.add(reason);
    this.#stop(address);
  }

  /** Stops listening on every address. */
  closeAll(reason: ClosedFor): void {
    for (const address of this.#options.addresses) {
      this.#reasonsFor(address).add(reason);
      this.#stop(address);
    }
  }

  /** Listens with a backlog, and accepts no connection. @throws {Error} where nothing listens. */
  async deafen(address: string, backlog: number): Promise<void> {
    if (!this.#servers.has(address)) throw new Error(`Not listening on ${address}. Listening on: ${this.addresses.join(', ') || 'none'}.`);
    this.#stop(address);
    this.#deaf.set(address, await listenDeaf({ address, port: this.#options.port, backlog }));
  }

  #stop(address: string): void {
    this.#servers.get(address)?.close();
    this.#servers.delete(address);
  }

  #reasonsFor(address: string): Set<ClosedFor> {
    const reasons = this.#closedFor.get(address) ?? new Set();
    this.#closedFor.set(address, reasons);
    return reasons;
  }
}
