/** Looks from the observer host: what does a new client on the segment see of a backend or of the DNS server? */
import type { Host } from './drivers/driver.ts';
import type { Remote } from './remote.ts';
import { addressOf, domain, portOf, targetsOf, type Family, type HostName, type TargetName, type Topology } from '../vocabulary/topology.ts';
import type { DnsExchange, DnsReply } from '../../services/probe/ask.ts';
import type { Exchange } from '../../services/probe/exchange.ts';
import type { Handshake, HandshakeRequest } from '../../services/probe/handshake.ts';
import type { HeldSighting } from '../../services/probe/held.ts';
import type { Http2Exchange, Http2Steps } from '../../services/probe/http2.ts';
import type { Sighting } from '../../services/probe/sighting.ts';
import type { PingRequest, PingResult } from '../../services/probe/ping.ts';

export type { DnsExchange, DnsReply, Exchange, Handshake, Http2Exchange, Sighting };

/** How long the lab waits for something that should come, also on a very busy machine. The lab goes on as soon as it has come. */
export const patienceMs = 3_000;
/** The observer calls a host silent after so many times of the slowest answer at the baseline. */
const silenceFactor = 20;
/** A healthy host answers in well under 1 ms, and the observer needs some ms to see that. */
const leastSilenceMs = 60;
/** Less than the second after which a kernel repeats a SYN: the answer to the second SYN must not hide that the first one was lost. */
const mostSilenceMs = 800;
/** How long the lab waits for the baseline. A lost SYN costs 1 s, so this leaves more than a second after it. */
const baselineLimitMs = 3_000;

/** A connection that the observer keeps open. */
export interface Held {
  /** How the connect ended. */
  readonly opened: HeldSighting;
  /** Sends one GET. With `close`, it asks the server to close the connection after the response. */
  get(path: string, options?: { close?: boolean; timeoutMs?: number }): Promise<HeldSighting>;
  /** Waits for the end of the connection. The outcome is `FIN`, the kernel's error code, or `open` if it did not end. */
  ended(timeoutMs?: number): Promise<HeldSighting>;
  /** Closes the connection. */
  release(): Promise<void>;
}

/** What the observer can do. `timeoutMs` is always the time after which the observer calls the host silent. */
export class Probe {
  readonly #remote: Remote;
  readonly #topology: Topology;
  readonly host: Host;
  /** By how much the faults in force delay the answers of a host, at most. The observer waits that much longer before it calls the host silent. */
  readonly lateMs: (host: HostName) => number;
  #looks = 0;
  /** The slowest answer of the baseline: how fast this machine is. */
  #slowestMs = 0;

  constructor(host: Host, remote: Remote, topology: Topology, lateMs: (host: HostName) => number) {
    this.host = host;
    this.lateMs = lateMs;
    this.#remote = remote;
    this.#topology = topology;
  }

  /** The observer calls a host silent after this time. It follows what the observer has measured of this machine at the baseline. */
  get silenceMs(): number {
    return Math.round(Math.min(Math.max(silenceFactor * this.#slowestMs, leastSilenceMs), mostSilenceMs));
  }

  /** How long the lab waits for something that may not come, for instance the end of a connection: several events, not one answer. */
  get endingMs(): number {
    return Math.max(300, 2 * this.silenceMs);
  }

  /** One connect to the port on which the host serves clients. */
  connect(host: HostName, family: Family, timeoutMs = this.silenceMs): Promise<Sighting> {
    return this.#look('connect', host, timeoutMs, this.#at(host, family));
  }

  /** One connect to the port of the web servers, of any address, also of an address that no host has. */
  connectTo(address: string, timeoutMs = this.silenceMs): Promise<Sighting> {
    return this.#remote.call('connect', { address, port: portOf(this.#topology, 'backend-1'), timeoutMs });
  }

  /** One connect without an entry in the neighbour cache. `neighbour` says whether ARP or neighbour discovery was answered meanwhile. */
  async connectAsStranger(host: HostName, family: Family): Promise<Sighting & { neighbour: boolean }> {
    const address = addressOf(this.#topology, host, family);
    await this.host.run(['ip', `-${family}`, 'neigh', 'flush', 'to', address]);
    const sighting = await this.connect(host, family);
    const { stdout } = await this.host.run(['ip', `-${family}`, 'neigh', 'show', 'to', address]);
    return { ...sighting, neighbour: stdout.includes('lladdr') };
  }

  /** One GET on a connection of its own. */
  get(host: HostName, family: Family, path = '/', timeoutMs = this.silenceMs): Promise<Sighting> {
    return this.#look('get', host, timeoutMs, { ...this.#at(host, family), path });
  }

  /** One GET to any address and port. */
  getAt(address: string, port: number, path = '/', timeoutMs = this.silenceMs): Promise<Sighting> {
    return this.#remote.call('get', { address, port, path, timeoutMs }, timeoutMs + 10_000);
  }

  /**
   * Sends requests one after the other on one connection, and returns the bytes of the replies.
   * Each exchange has a URL of its own, so no server has counted its requests before.
   */
  exchange(host: HostName, family: Family, requests = 1, timeoutMs = this.silenceMs): Promise<Exchange> {
    return this.#look('exchange', host, timeoutMs, { ...this.#at(host, family), path: `/?look=${++this.#looks}`, requests });
  }

  /** Makes steps on one connection of HTTP/2, and returns the frames that came back. Each step waits `timeoutMs` for its answer. */
  http2(host: HostName, family: Family, steps: Http2Steps['steps'], timeoutMs = this.silenceMs): Promise<Http2Exchange> {
    const patientMs = timeoutMs + this.lateMs(host);
    return this.#remote.call('http2', { ...this.#at(host, family), path: `/?look=${++this.#looks}`, steps, timeoutMs: patientMs }, patientMs * (steps.length + 1) + 10_000);
  }

  /** Makes one TLS handshake, and what `request` asks for after it. */
  handshake(host: HostName, family: Family, request: Omit<HandshakeRequest, 'address' | 'port' | 'ca' | 'timeoutMs'> = {}, timeoutMs = patienceMs): Promise<Handshake> {
    return this.#look('handshake', host, timeoutMs, { ...this.#at(host, family), ...request });
  }

  /** Opens a connection and keeps it open. */
  async hold(host: HostName, family: Family, timeoutMs = this.silenceMs): Promise<Held> {
    const { id, ...opened } = await this.#look<HeldSighting & { id: number }>('hold', host, timeoutMs, this.#at(host, family));
    return {
      opened,
      get: (path, { close = false, timeoutMs: limitMs = this.silenceMs } = {}) => this.#look('held-get', host, limitMs, { id, path, close }),
      ended: (limitMs = this.silenceMs) => this.#look('held-end', host, limitMs, { id }),
      release: () => this.#remote.call('release', { id }),
    };
  }

  /** Sends one datagram to the port on which the host serves clients: `silent`, `answered`, or ECONNREFUSED after ICMP "port unreachable". */
  datagram(host: HostName, family: Family, timeoutMs = this.silenceMs): Promise<Sighting> {
    return this.#look('datagram', host, timeoutMs, this.#at(host, family));
  }

  /** Sends one query for any name and type, and returns every reply to it. */
  ask(family: Family, transport: 'udp' | 'tcp', name: string, type: string, timeoutMs = this.silenceMs): Promise<DnsExchange> {
    return this.#look('ask', 'dns', timeoutMs, { server: addressOf(this.#topology, 'dns', family), port: portOf(this.#topology, 'dns'), transport, name, type });
  }

  /** Sends one A query over UDP for `dns.lab.test`. The DNS server answers this name under every answer policy. */
  query(family: Family, timeoutMs = this.silenceMs): Promise<Sighting> {
    return this.#look('dns', 'dns', timeoutMs, { server: addressOf(this.#topology, 'dns', family), name: `dns.${domain}` });
  }

  /** Sends echo requests, which the kernel of the host answers. They show what the link does to single packets. */
  ping(host: HostName, family: Family, request: Partial<Omit<PingRequest, 'address'>> = {}): Promise<PingResult> {
    const whole: PingRequest = { address: addressOf(this.#topology, host, family), count: 1, batch: 1, everyMs: 1, bytes: 32, untilAnswered: false, waitMs: this.silenceMs, limitMs: 2_000, ...request };
    return this.#remote.call('echo', whole, whole.count * whole.everyMs + whole.limitMs + 10_000);
  }

  #at(host: HostName, family: Family): { address: string; port: number } {
    return { address: addressOf(this.#topology, host, family), port: portOf(this.#topology, host) };
  }

  #look<Result>(command: string, host: HostName, timeoutMs: number, args: object): Promise<Result> {
    const patientMs = timeoutMs + this.lateMs(host);
    return this.#remote.call(command, { ...args, timeoutMs: patientMs }, patientMs + 10_000);
  }

  /** Whether the server answers on both families. Waits until it does, at most `limitMs`. With `measures`, its times become the measure of this machine. */
  async answers(host: TargetName, { limitMs = baselineLimitMs, measures = false } = {}): Promise<{ seen: boolean; observed: string }> {
    const look = (family: Family): Promise<Sighting> => (host === 'dns' ? this.query(family, 1_000) : this.get(host, family, '/', 1_000));
    const startMs = performance.now();
    for (;;) {
      const sightings = await Promise.all(([4, 6] as const).map(look));
      for (const { outcome, tookMs } of sightings) if (outcome === 'response' && measures) this.#slowestMs = Math.max(this.#slowestMs, tookMs);
      const seen = sightings.every(({ outcome, status = 200 }) => outcome === 'response' && status === 200);
      if (seen || performance.now() - startMs > limitMs) {
        return { seen, observed: sightings.map(({ outcome, status }, index) => `IPv${index === 0 ? 4 : 6} ${status ?? outcome}`).join(', ') };
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Whether every backend and the DNS server answer on both families, before any fault is in force. */
  async baseline(): Promise<{ seen: boolean; observed: string }> {
    const results = await Promise.all(targetsOf(this.#topology).map(async (host) => ({ host, ...(await this.answers(host, { measures: true })) })));
    const missing = results.filter(({ seen }) => !seen);
    return { seen: missing.length === 0, observed: missing.map(({ host, observed }) => `${host}: ${observed}`).join('; ') || 'all answer' };
  }
}
