/** The backends that each connection of a pool belongs to. A connection that is lost is dialled again to the same backend. */
import type { Random } from '../../vocabulary/random.ts';
import type { Answers } from './answers.ts';
import { poolOf, type Parameters } from './parameters.ts';
import { subsets } from './subsets.ts';

/** The backend is not chosen yet. */
const unknown = 0xffff;

export class Pools {
  readonly #given: Parameters;
  readonly #answers: Answers;
  readonly #pool: number;
  readonly #backendOf: Uint16Array;
  readonly #all: readonly number[];
  readonly #seed: string;

  constructor(given: Parameters, answers: Answers, random: Random) {
    this.#given = given;
    this.#answers = answers;
    this.#pool = poolOf(given);
    this.#backendOf = new Uint16Array(given.clients * this.#pool).fill(unknown);
    this.#all = Array.from({ length: given.backends }, (_, backend) => backend);
    this.#seed = String(random());
  }

  /** The backend of a slot. A client chooses all of its backends when it starts. */
  backendOf(slot: number, nowS: number): number {
    if (this.#backendOf[slot] === unknown) this.#fill(Math.floor(slot / this.#pool), nowS);
    return this.#backendOf[slot] as number;
  }

  #fill(client: number, nowS: number): void {
    const { balance } = this.#given;
    const firstSlot = client * this.#pool;
    if (balance === 'pick-first' || balance === 'p2c' || balance === 'round-robin') {
      this.#answers.lookUp(client, nowS);
      for (let index = 0; index < this.#pool; index++) this.#backendOf[firstSlot + index] = this.#answers.at(index);
    } else this.#backendOf.set(subsets[balance](client, this.#all, this.#pool, this.#seed), firstSlot);
  }

  /**
   * The connection of a slot ended by one of its limits. A client that takes its backends from DNS asks again, and takes the first address that
   * none of its other connections has. A subset stays as it is.
   */
  ended(slot: number, nowS: number): void {
    if (this.#given.balance !== 'round-robin') return;
    const firstSlot = slot - (slot % this.#pool);
    const own = this.#backendOf.subarray(firstSlot, firstSlot + this.#pool);
    own[slot - firstSlot] = unknown;
    this.#answers.lookUp(Math.floor(slot / this.#pool), nowS);
    let index = 0;
    let backend = this.#answers.at(index);
    while (own.includes(backend)) backend = this.#answers.at(++index);
    own[slot - firstSlot] = backend;
  }
}
