/**
 * The addresses as a client tries them: as DNS answers, as a cache keeps the answer, as the client's libc sorts it, and as the client shuffles it.
 * A backend is a number, and stands for its address.
 */
import type { Random } from '../../vocabulary/random.ts';
import { returnedOf, type Parameters } from './parameters.ts';
import { ranksOf, type Ranks } from './ranks.ts';

export class Answers {
  readonly length: number;
  readonly #policy: Parameters['policy'];
  readonly #backends: number;
  readonly #random: Random;
  /** The order of the last shuffle. The next shuffle starts from it, which is as random as a start from the order of the zone. */
  readonly #order: Uint16Array;
  #rotatedBy = -1;
  readonly #ranks: Ranks | null;
  readonly #shuffledByClient: boolean;
  /** The answer of the present client, where it has to be known as a whole. */
  readonly #list: Uint16Array | null;
  #listRanks: Uint16Array;
  readonly #caches: { clients: number; ttlS: number; answers: Uint16Array; endS: Int32Array } | null;
  /** Where the answer of the present client's cache begins. */
  #cachedAt = 0;

  /** `shufflesAlways`: the client draws among the addresses itself. */
  constructor(given: Parameters, random: Random, shufflesAlways: boolean) {
    const { policy, backends, cacheClients, ttlS, clients, clientShuffle } = given;
    this.length = returnedOf(given);
    this.#policy = policy;
    this.#backends = backends;
    this.#random = random;
    this.#order = Uint16Array.from({ length: backends }, (_, backend) => backend);
    const isShuffled = clientShuffle || shufflesAlways;
    this.#ranks = isShuffled ? null : ranksOf(given, random);
    // A second shuffle changes nothing.
    this.#shuffledByClient = isShuffled && !(policy === 'shuffle' && cacheClients === 0);
    this.#list = this.#ranks !== null || this.#shuffledByClient ? new Uint16Array(this.length) : null;
    this.#listRanks = new Uint16Array(this.#list === null ? 0 : this.length);
    const caches = cacheClients === 0 ? 0 : Math.ceil(clients / cacheClients);
    this.#caches = caches === 0 ? null : { clients: cacheClients, ttlS, answers: new Uint16Array(caches * this.length), endS: new Int32Array(caches) };
  }

  /** Looks the name up for a client. The addresses are those of `at`, which must be asked for one after the other, from 0 on. */
  lookUp(client: number, nowS: number): void {
    if (this.#caches === null) this.#ask();
    else this.#lookUpInCache(client, nowS, this.#caches);
    if (this.#list === null) return;
    for (let index = 0; index < this.length; index++) this.#list[index] = this.#answered(index);
    if (this.#ranks !== null) sortByRank(this.#list, this.#listRanks, this.#ranks.of(client));
  }

  /** The address at that place of the order in which the client tries them. Each call may draw it: ask for each place once. */
  at(index: number): number {
    if (this.#list === null) return this.#answered(index);
    return this.#shuffledByClient ? drawn(this.#list, index, this.length, this.#random) : (this.#list[index] as number);
  }

  #ask(): void {
    this.#rotatedBy = (this.#rotatedBy + 1) % this.#backends;
  }

  #lookUpInCache(client: number, nowS: number, { clients, ttlS, answers, endS }: { clients: number; ttlS: number; answers: Uint16Array; endS: Int32Array }): void {
    const cache = Math.floor(client / clients);
    const startsAt = cache * this.length;
    if (nowS >= (endS[cache] as number)) {
      endS[cache] = nowS + ttlS;
      this.#ask();
      for (let index = 0; index < this.length; index++) answers[startsAt + index] = this.#served(index);
    }
    this.#cachedAt = startsAt;
  }

  /** The address at that place of the answer that the client gets. */
  #answered(index: number): number {
    return this.#caches === null ? this.#served(index) : (this.#caches.answers[this.#cachedAt + index] as number);
  }

  /** The address at that place of the answer that the DNS server gives. */
  #served(index: number): number {
    switch (this.#policy) {
      case 'fixed': return index;
      case 'rotate': return (this.#rotatedBy + index) % this.#backends;
      case 'shuffle': return drawn(this.#order, index, this.#backends, this.#random);
      case 'subset-first': return drawn(this.#order, index, this.length, this.#random);
    }
  }
}

/** One step of a shuffle (Fisher–Yates): draws the entry at `index` from the entries up to `end` that no earlier step drew. */
function drawn(list: Uint16Array, index: number, end: number, random: Random): number {
  const other = index + Math.floor(random() * (end - index));
  const entry = list[other] as number;
  list[other] = list[index] as number;
  list[index] = entry;
  return entry;
}

/** Sorts by rank, the highest one first. Equal ranks keep their order (RFC 6724 section 6, rule 10). */
function sortByRank(list: Uint16Array, listRanks: Uint16Array, ranks: Uint16Array): void {
  for (let index = 0; index < list.length; index++) {
    const backend = list[index] as number;
    const rank = ranks[backend] as number;
    let place = index;
    for (; place > 0 && (listRanks[place - 1] as number) < rank; place--) {
      list[place] = list[place - 1] as number;
      listRanks[place] = listRanks[place - 1] as number;
    }
    list[place] = backend;
    listRanks[place] = rank;
  }
}
