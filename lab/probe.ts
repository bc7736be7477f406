/** The observer host's view: what a stranger on the segment sees of a backend or of DNS. */
import type { Host } from './drivers/driver.ts';
import type { Remote } from './remote.ts';
import { addressOf, backendNames, domain, httpPort, type BackendName, type Family, type HostName, type Topology } from './topology.ts';
import type { Sighting } from '../services/probe/main.ts';

export type { Sighting };

/** How long the lab waits for an answer that a healthy host gives in well under a millisecond. */
export const silenceMs = 60;
/** How long a baseline may take to appear: a whole second more than a lost SYN costs. */
const baselineLimitMs = 3_000;

export class Probe {
  readonly #remote: Remote;
  readonly #topology: Topology;
  readonly #host: Host;

  constructor(host: Host, remote: Remote, topology: Topology) {
    this.#host = host;
    this.#remote = remote;
    this.#topology = topology;
  }

  connect(host: HostName, family: Family, timeoutMs = silenceMs): Promise<Sighting> {
    return this.#remote.call('connect', { address: addressOf(this.#topology, host, family), port: httpPort, timeoutMs });
  }

  /** A connect with nothing in the neighbour cache, and whether ARP or ND was answered meanwhile. */
  async connectAsStranger(host: HostName, family: Family): Promise<Sighting & { neighbour: boolean }> {
    const address = addressOf(this.#topology, host, family);
    await this.#host.run(['ip', `-${family}`, 'neigh', 'flush', 'to', address]);
    const sighting = await this.connect(host, family);
    const { stdout } = await this.#host.run(['ip', `-${family}`, 'neigh', 'show', 'to', address]);
    return { ...sighting, neighbour: stdout.includes('lladdr') };
  }

  get(host: HostName, family: Family, path = '/', timeoutMs = silenceMs): Promise<Sighting> {
    return this.#remote.call('get', { address: addressOf(this.#topology, host, family), port: httpPort, path, timeoutMs }, timeoutMs + 10_000);
  }

  /** Whether the backend answers on both families; waits for it, at most until the limit. */
  async backendAnswers(backend: BackendName, limitMs = baselineLimitMs): Promise<{ seen: boolean; observed: string }> {
    const startMs = performance.now();
    for (;;) {
      const sightings = await Promise.all(([4, 6] as const).map((family) => this.get(backend, family, '/', 1_000)));
      const seen = sightings.every(({ outcome, status }) => outcome === 'response' && status === 200);
      if (seen || performance.now() - startMs > limitMs) {
        return { seen, observed: sightings.map(({ outcome, status }, index) => `IPv${index === 0 ? 4 : 6} ${status ?? outcome}`).join(', ') };
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Whether every backend and the DNS server do what they should before anything is broken. */
  async baseline(): Promise<{ seen: boolean; observed: string }> {
    const dns = ([4, 6] as const).map((family) =>
      this.#remote.call<Sighting>('dns', { server: addressOf(this.#topology, 'dns', family), name: `dns.${domain}`, timeoutMs: 1_000 }),
    );
    const results = await Promise.all([
      ...backendNames.map(async (backend) => ({ host: backend, ...(await this.backendAnswers(backend)) })),
      ...dns.map(async (sighting) => ({ host: 'dns', seen: (await sighting).outcome === 'response', observed: (await sighting).outcome })),
    ]);
    const missing = results.filter(({ seen }) => !seen);
    return { seen: missing.length === 0, observed: missing.map(({ host, observed }) => `${host}: ${observed}`).join('; ') || 'all answer' };
  }
}
