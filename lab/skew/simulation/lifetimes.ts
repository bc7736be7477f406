/** How long a connection lives: until the first of its limits. Its requests come at random times, at the rate of its client divided by its pool. */
import type { Random } from '../../vocabulary/random.ts';
import { poolOf, type Parameters } from './parameters.ts';

export class Lifetimes {
  readonly #given: Parameters;
  readonly #random: Random;
  readonly #requestsPerS: number;
  /** Connections end at random at this rate, per second: by their own lifetime, and by GOAWAY. */
  readonly #endsPerS: number;

  /** Returns null where connections never end by themselves. */
  static of(given: Parameters, random: Random): Lifetimes | null {
    const { lifetimeS, maxAgeS, maxRequests, goaway } = given;
    return lifetimeS > 0 || maxAgeS > 0 || maxRequests > 0 || goaway > 0 ? new Lifetimes(given, random) : null;
  }

  private constructor(given: Parameters, random: Random) {
    this.#given = given;
    this.#random = random;
    this.#requestsPerS = given.rate / poolOf(given);
    // A geometric number of requests with random times between them takes an exponential time.
    this.#endsPerS = (given.lifetimeS > 0 ? 1 / given.lifetimeS : 0) + given.goaway * this.#requestsPerS;
  }

  /** Draws a lifetime in whole seconds, one or more. */
  draw(): number {
    const { maxAgeS, ageJitterPercent, maxRequests } = this.#given;
    let lifeS = Infinity;
    if (this.#endsPerS > 0) lifeS = -Math.log(1 - this.#random()) / this.#endsPerS;
    if (maxAgeS > 0) lifeS = Math.min(lifeS, maxAgeS * (1 + (ageJitterPercent / 100) * (2 * this.#random() - 1)));
    if (maxRequests > 0) lifeS = Math.min(lifeS, erlang(maxRequests, this.#random) / this.#requestsPerS);
    return Math.max(Math.round(lifeS), 1);
  }
}

/** The time until the `count`th of random events that come once per unit of time on average (Marsaglia and Tsang, ACM TOMS 2000, "A simple method for generating gamma variables"). */
function erlang(count: number, random: Random): number {
  const d = count - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
