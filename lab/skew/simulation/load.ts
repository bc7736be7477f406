/** The load of each backend, and its course. A client divides its requests equally among its connections. The unit is the requests of one client. */
import { none } from './connections.ts';
import { poolOf, type Parameters } from './parameters.ts';

/** Points of time in a picture. */
const sampleCount = 240;

export class Load {
  readonly #load: Float64Array;
  readonly #backendOf: Uint16Array;
  readonly #pool: number;
  /** How many connections each client has now. */
  readonly #connected: Uint16Array;
  readonly #fair: number;
  readonly #peakOverFair: Float32Array;
  readonly #samples: { atS: number; overFair: Float32Array }[] = [];
  readonly #sampleEveryS: number;
  #peak = 0;
  #isChanged = false;

  /** `backendOf`: the backend of each slot. The slots of one client lie side by side. */
  constructor(given: Parameters, backendOf: Uint16Array, endS: number) {
    this.#load = new Float64Array(given.backends);
    this.#backendOf = backendOf;
    this.#pool = poolOf(given);
    this.#connected = new Uint16Array(this.#pool === 1 ? 0 : given.clients);
    this.#fair = given.clients / given.backends;
    this.#peakOverFair = new Float32Array(endS + 1);
    this.#sampleEveryS = Math.ceil(endS / sampleCount);
  }

  of(backend: number): number {
    return this.#load[backend] as number;
  }

  /** A slot has connected. */
  join(slot: number, backend: number): void {
    this.#isChanged = true;
    if (this.#pool === 1) this.#load[backend] = this.of(backend) + 1;
    else this.#divide(slot, backend, 1);
  }

  /** A slot has lost its connection. */
  leave(slot: number, backend: number): void {
    this.#isChanged = true;
    if (this.#pool === 1) this.#load[backend] = this.of(backend) - 1;
    else this.#divide(slot, backend, -1);
  }

  /** The requests of a client are divided anew among its connections, after the one of `slot` came or went. */
  #divide(slot: number, backend: number, change: 1 | -1): void {
    const client = Math.floor(slot / this.#pool);
    const before = this.#connected[client] as number;
    const after = before + change;
    this.#connected[client] = after;
    const [shareBefore, shareAfter] = [before === 0 ? 0 : 1 / before, after === 0 ? 0 : 1 / after];
    this.#load[backend] = this.of(backend) + (change === 1 ? shareAfter : -shareBefore);
    for (let other = client * this.#pool; other < (client + 1) * this.#pool; other++) {
      const at = this.#backendOf[other] as number;
      if (other !== slot && at !== none) this.#load[at] = this.of(at) + shareAfter - shareBefore;
    }
  }

  /** Writes down the load at the end of a second. */
  endSecond(atS: number): void {
    if (this.#isChanged) {
      this.#isChanged = false;
      let most = 0;
      for (const load of this.#load) if (load > most) most = load;
      this.#peak = most / this.#fair;
    }
    this.#peakOverFair[atS] = this.#peak;
    if (atS % this.#sampleEveryS === 0) this.#samples.push({ atS, overFair: this.#overFair() });
  }

  course(): { peakOverFair: Float32Array; samples: { atS: number; overFair: Float32Array }[]; end: Float32Array } {
    return { peakOverFair: this.#peakOverFair, samples: this.#samples, end: this.#overFair() };
  }

  #overFair(): Float32Array {
    return Float32Array.from(this.#load, (load) => load / this.#fair);
  }
}
