/**
 * Simulates many clients that keep connections to some backends. It is driven by what happens to connections (dialled, ended), not by requests: the load
 * of a backend is the rate of the requests that its connections carry. One step is one second.
 */
import { longRandom, type Random } from '../../vocabulary/random.ts';
import { Answers } from './answers.ts';
import { Agenda, Connections, none } from './connections.ts';
import { Lifetimes } from './lifetimes.ts';
import { Load } from './load.ts';
import { changesOf, type Change } from './outages.ts';
import { isPooled, poolOf, type Parameters } from './parameters.ts';
import { Pools } from './pools.ts';

/** What a simulation saw. */
export interface Course {
  /** The load of the fullest backend divided by the fair load, at the end of each second. */
  peakOverFair: Float32Array;
  /** The load of each backend divided by the fair load, at some points of time. */
  samples: { atS: number; overFair: Float32Array }[];
  /** The load of each backend divided by the fair load, at the end. */
  end: Float32Array;
  /** New connections, and dials that met no backend that accepts. */
  dials: number;
  unanswered: number;
  /** The first second of a change of a backend, and the last one. Null where no backend changes. */
  firstChangeS: number | null;
  lastChangeS: number | null;
}

/** Runs the simulation once. The same parameters and the same seed give the same course. */
export function simulate(given: Parameters, seed: string): Course {
  return new Simulation(given, longRandom(seed)).run();
}

class Simulation {
  readonly #given: Parameters;
  readonly #random: Random;
  readonly #endS: number;
  readonly #pool: number;
  readonly #slots: number;
  readonly #changes: Change[];
  readonly #connections: Connections;
  readonly #load: Load;
  readonly #lifetimes: Lifetimes | null;
  readonly #agenda: Agenda;
  readonly #answers: Answers;
  readonly #pools: Pools | null;
  readonly #isDown: Uint8Array;
  #nowS = 0;
  #dials = 0;
  #unanswered = 0;

  constructor(given: Parameters, random: Random) {
    this.#given = given;
    this.#random = random;
    this.#endS = given.hours * 3_600;
    this.#pool = poolOf(given);
    this.#slots = given.clients * this.#pool;
    this.#changes = changesOf(given, random);
    this.#lifetimes = Lifetimes.of(given, random);
    this.#connections = new Connections(this.#slots, given.backends, this.#lifetimes !== null);
    this.#load = new Load(given, this.#connections.backendOf, this.#endS);
    this.#agenda = new Agenda(this.#slots, this.#endS);
    this.#answers = new Answers(given, random, given.balance === 'p2c');
    this.#pools = isPooled(given) ? new Pools(given, this.#answers, random) : null;
    this.#isDown = new Uint8Array(given.backends);
  }

  run(): Course {
    const changes = this.#changes;
    let done = 0;
    for (; this.#nowS <= this.#endS; this.#nowS++) {
      for (; changes[done]?.atS === this.#nowS; done++) this.#change(changes[done] as Change);
      if (this.#nowS === 0) this.#start();
      for (let slot = this.#agenda.take(this.#nowS); slot >= 0; slot = this.#agenda.take(this.#nowS)) this.#due(slot);
      this.#load.endSecond(this.#nowS);
    }
    const isChange = ({ atS }: Change): boolean => atS > 0;
    return {
      ...this.#load.course(),
      dials: this.#dials,
      unanswered: this.#unanswered,
      firstChangeS: changes.find(isChange)?.atS ?? null,
      lastChangeS: changes.findLast(isChange)?.atS ?? null,
    };
  }

  #start(): void {
    const rampS = this.#given.rampMin * 60;
    for (let client = 0; client < this.#given.clients; client++) {
      const atS = rampS === 0 ? 0 : Math.floor(this.#random() * rampS);
      for (let slot = client * this.#pool; slot < (client + 1) * this.#pool; slot++) {
        if (atS > 0) this.#agenda.add(slot, atS);
        else this.#dial(slot);
      }
    }
  }

  #change({ backend, to }: Change): void {
    this.#isDown[backend] = to === 'down' ? 1 : 0;
    if (to === 'up') return;
    const slots = this.#connections.disconnectAll(backend);
    for (const slot of slots) this.#load.leave(slot, backend);
    for (const slot of slots) {
      if (this.#lifetimes !== null) this.#agenda.remove(slot);
      this.#dial(slot);
    }
  }

  /** The connection of the slot ends, or a slot without a connection tries again. */
  #due(slot: number): void {
    if (this.#connections.backendOf[slot] !== none) {
      const backend = this.#connections.backendOf[slot] as number;
      this.#connections.disconnect(slot);
      this.#load.leave(slot, backend);
      this.#pools?.ended(slot, this.#nowS);
    }
    this.#dial(slot);
  }

  #dial(slot: number): void {
    const backend = this.#pools === null ? this.#choose(slot) : this.#accepting(this.#pools.backendOf(slot, this.#nowS));
    if (backend === none) {
      this.#unanswered++;
      this.#agenda.add(slot, this.#nowS + this.#given.retryS);
      return;
    }
    this.#dials++;
    this.#connections.connect(slot, backend);
    this.#load.join(slot, backend);
    if (this.#lifetimes !== null) this.#agenda.add(slot, this.#nowS + this.#lifetimes.draw());
  }

  #accepting(backend: number): number {
    return this.#isDown[backend] === 1 ? none : backend;
  }

  /** The first address that accepts, or the less loaded one of the first two. */
  #choose(client: number): number {
    this.#answers.lookUp(client, this.#nowS);
    let first = none;
    for (let index = 0; index < this.#answers.length; index++) {
      const backend = this.#answers.at(index);
      if (this.#isDown[backend] === 1) continue;
      if (this.#given.balance === 'pick-first') return backend;
      if (first !== none) return this.#load.of(backend) < this.#load.of(first) ? backend : first;
      first = backend;
    }
    return first;
  }
}
