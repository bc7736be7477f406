/**
 * The supermarket model: each request joins the shortest of a few random queues. It shows what two choices do for the time that requests take, while the
 * rest of this room shows where connections are (Mitzenmacher, IEEE TPDS 2001, "The power of two choices in randomized load balancing").
 */
import { LabError } from '../../vocabulary/errors.ts';
import { longRandom } from '../../vocabulary/random.ts';
import { integer, parseOptions, type OptionValues } from '../../vocabulary/options.ts';

export const supermarketParameters = {
  backends: integer(500, 1, 'backends, each with a queue', 10_000),
  utilisationPercent: integer(90, 1, 'percent of the time for which a backend is busy', 99),
  choices: integer(2, 1, 'backends that a request draws; it joins the shortest queue', 10),
  serviceTimes: integer(2_000, 10, 'simulated time, in mean service times. The first half is for warming up and does not count', 1_000_000),
};

export type SupermarketParameters = OptionValues<typeof supermarketParameters>;

/** The work that one simulation may be: about a minute. */
const mostSteps = 2_000_000_000;

/** @throws {LabError} BAD_INPUT for a value that is not possible. */
export function readSupermarket(given: Readonly<Record<string, unknown>>): SupermarketParameters {
  const read = parseOptions(supermarketParameters, given, 'the preset `supermarket`');
  const steps = stepsOf(read);
  if (steps > mostSteps) throw new LabError('BAD_INPUT', `Expected \`backends\` times \`serviceTimes\` to give at most ${mostSteps} steps, got ${steps}.`);
  return read;
}

/** Arrivals and departures. */
function stepsOf({ backends, utilisationPercent, serviceTimes }: SupermarketParameters): number {
  return Math.round(serviceTimes * backends * (1 + utilisationPercent / 100));
}

export interface SupermarketFigures {
  /** The mean time from arrival to departure, in mean service times. */
  meanTime: number;
  longestQueue: number;
}

/**
 * Requests arrive at random, and service times are exponential, with mean 1. So each step is an arrival or the possible end of a service at a random
 * backend, with fixed probabilities. The mean time is the mean number of requests divided by their rate (Little's law).
 */
export function simulateSupermarket(given: SupermarketParameters, seed: string): SupermarketFigures {
  const { backends, utilisationPercent, choices } = given;
  const random = longRandom(seed);
  const arrivalsPerS = utilisationPercent / 100;
  const arrivalShare = arrivalsPerS / (1 + arrivalsPerS);
  const queues = new Int32Array(backends);
  const steps = stepsOf(given);
  const countsFrom = steps / 2;
  let [inside, sum, counted, longestQueue] = [0, 0, 0, 0];
  for (let step = 0; step < steps; step++) {
    let at = Math.floor(random() * backends);
    if (random() < arrivalShare) {
      for (let choice = 1; choice < choices; choice++) {
        const other = Math.floor(random() * backends);
        if ((queues[other] as number) < (queues[at] as number)) at = other;
      }
      const length = (queues[at] as number) + 1;
      queues[at] = length;
      inside++;
      if (length > longestQueue && step >= countsFrom) longestQueue = length;
    } else if ((queues[at] as number) > 0) {
      queues[at] = (queues[at] as number) - 1;
      inside--;
    }
    if (step >= countsFrom) {
      sum += inside;
      counted++;
    }
  }
  return { meanTime: sum / counted / (arrivalsPerS * backends), longestQueue };
}

/** The mean time for very many backends: the sum of λ^((d^i − d) ÷ (d − 1)) over i from 1 on. With one choice it is 1 ÷ (1 − λ). */
export function supermarketMeanTime(utilisation: number, choices: number): number {
  if (choices === 1) return 1 / (1 - utilisation);
  let sum = 0;
  for (let i = 1, term = 1; term > 1e-15; i++) {
    term = utilisation ** ((choices ** i - choices) / (choices - 1));
    sum += term;
  }
  return sum;
}
