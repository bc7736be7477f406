/** Which backends a client takes, when it knows all of them and uses a few (SRE book, chapter 20; gRPC A68). */
import { longRandom, shuffled } from '../../vocabulary/random.ts';

export type SubsetName = 'random-subset' | 'deterministic-subset' | 'rendezvous';

/** The backends of one client: `size` of the list `backends`. The same seed gives the same subset. */
export type Subset = (client: number, backends: readonly number[], size: number, seed: string) => number[];

export const subsets: Record<SubsetName, Subset> = {
  /** Each client draws its backends by itself (Floyd's algorithm, CACM 1987: it draws `size` numbers, however long the list is). */
  'random-subset': (client, backends, size, seed) => {
    const random = longRandom(`${seed}:${client}`);
    const chosen = new Set<number>();
    for (let end = backends.length - size; end < backends.length; end++) {
      const index = Math.floor(random() * (end + 1));
      chosen.add(chosen.has(index) ? end : index);
    }
    return [...chosen].map((index) => backends[index] as number);
  },
  /**
   * Clients are taken in rounds. All clients of a round shuffle the list in the same way and divide it among them, so that each backend has one client
   * of a round (SRE book, chapter 20, "Deterministic subsetting").
   */
  'deterministic-subset': (client, backends, size, seed) => {
    const clientsInRound = Math.max(Math.floor(backends.length / size), 1);
    const round = Math.floor(client / clientsInRound);
    const place = client % clientsInRound;
    return shuffled(backends, longRandom(`${seed}:${round}`)).slice(place * size, (place + 1) * size);
  },
  /** Each client takes the backends with the largest hashes of client and backend. */
  rendezvous: (client, backends, size, seed) => {
    const salt = Math.floor(longRandom(seed)() * 2 ** 32);
    const largest: { backend: number; hash: number }[] = [];
    for (const backend of backends) {
      const hash = hashOf(client, backend, salt);
      if (largest.length === size && hash < (largest.at(-1)?.hash ?? 0)) continue;
      const place = largest.findIndex((each) => each.hash < hash);
      largest.splice(place < 0 ? largest.length : place, 0, { backend, hash });
      if (largest.length > size) largest.pop();
    }
    return largest.map(({ backend }) => backend);
  },
};

/** The finalizer of MurmurHash3 (public domain, Austin Appleby), over both numbers. */
function hashOf(client: number, backend: number, salt: number): number {
  return mixed(mixed(client ^ salt) ^ Math.imul(backend + 1, 0x9e3779b1)) >>> 0;
}

function mixed(value: number): number {
  let word = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/**
 * Returns how many entries of a client's subset change on average when one backend leaves the list. One entry has to change for each client that
 * used it. `clients` clients are looked at.
 */
export function churnOf(name: SubsetName, { clients, backends, size, seed }: { clients: number; backends: number; size: number; seed: string }): { mean: number; most: number } {
  const all = Array.from({ length: backends }, (_, backend) => backend);
  const left = all.filter((backend) => backend !== Math.floor(backends / 2));
  const changed = Array.from({ length: clients }, (_, client) => {
    const before = new Set(subsets[name](client, all, size, seed));
    return subsets[name](client, left, size, seed).filter((backend) => !before.has(backend)).length;
  });
  return { mean: changed.reduce((sum, each) => sum + each, 0) / clients, most: Math.max(...changed) };
}
