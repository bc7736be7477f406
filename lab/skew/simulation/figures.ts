/** The figures of a simulation, and the closed forms beside them. */
import { skewOf } from '../../analysis/skew.ts';
import { isPooled, poolOf, type Parameters } from './parameters.ts';
import type { Course } from './simulate.ts';

export interface Figures {
  /** The load of the fullest backend divided by the fair load: the most at any time, and when that was. */
  peakOverFair: number;
  peakAtS: number;
  /** The same before the first change of a backend. It is the skew that the answers of DNS make by themselves. */
  startOverFair: number;
  endOverFair: number;
  /** The load of the emptiest backend divided by the fair load, at the end. */
  endLeastOverFair: number;
  /** Jain's index of the loads at the end: 1 if all are equal. */
  endJainIndex: number | null;
  /**
   * The probability of a spread at least as uneven as that of the end, if each connection had gone to any backend with the same chance (chi-squared). Null
   * where clients have several connections, because these are not independent of each other.
   */
  endChi2p: number | null;
  /**
   * The time in seconds from the last change of a backend until the peak has lost nine tenths of its excess over `startOverFair`, and stays so.
   * Null where that never came, or where no backend changed.
   */
  evenOutS: number | null;
  /** What remains of the excess at that time: a tenth, or more where chance alone makes more. */
  evenAtShare: number | null;
  dials: number;
  unanswered: number;
}

export function figuresOf(given: Parameters, { peakOverFair, end, dials, unanswered, firstChangeS, lastChangeS }: Course): Figures {
  const peak = peakOverFair.reduce((most, each) => Math.max(most, each), 0);
  // Backends that come up one after the other leave no time before the first change.
  const startOverFair = given.startEveryS > 0 ? 1 : (peakOverFair[Math.max((firstChangeS ?? given.rampMin * 60 + 1) - 1, 0)] ?? NaN);
  // Where a client has one connection, the load of a backend is the number of its connections.
  const { jainIndex, chi2p } = skewOf([...end].map((load) => (isPooled(given) ? load : Math.round((load * given.clients) / given.backends))));
  return {
    peakOverFair: peak,
    peakAtS: peakOverFair.indexOf(peak),
    startOverFair,
    endOverFair: peakOverFair.at(-1) ?? NaN,
    endLeastOverFair: end.reduce((least, each) => Math.min(least, each), Infinity),
    endJainIndex: jainIndex,
    endChi2p: isPooled(given) ? null : chi2p,
    ...(lastChangeS === null ? { evenOutS: null, evenAtShare: null } : evenOut(given, peakOverFair, startOverFair, lastChangeS)),
    dials,
    unanswered,
  };
}

function evenOut({ clients, backends }: Parameters, peakOverFair: Float32Array, startOverFair: number, fromS: number): Pick<Figures, 'evenOutS' | 'evenAtShare'> {
  const excess = (peakOverFair[fromS] ?? NaN) - startOverFair;
  // The count of a backend with the load of the peak has about this standard deviation by chance (Poisson).
  const chance = 3 * Math.sqrt((startOverFair * backends) / clients);
  if (excess <= chance) return { evenOutS: 0, evenAtShare: 1 };
  const limit = Math.max(excess / 10, chance);
  const last = peakOverFair.findLastIndex((each) => each - startOverFair > limit);
  return { evenOutS: last === peakOverFair.length - 1 ? null : last + 1 - fromS, evenAtShare: limit / excess };
}

/** A closed form of the time to even out: in words, and the seconds between which it lies. */
export interface Formula {
  text: string;
  fromS: number;
  toS: number;
}

/** How long the last rolling restart takes, from its first connection that moves to its last one. */
function restartS({ restarts, tranches, backends, trancheEveryS }: Parameters): number {
  return restarts === 0 ? 0 : (tranches === 0 ? backends : tranches) * trancheEveryS;
}

/**
 * The time after the last change of a backend until only `share` of the excess is left, as arithmetic has it. It assumes new connections that are spread by
 * the same answers as at the start. Null where several limits end connections: then the first one of them counts, and there is no simple form.
 */
export function evenOutFormula(given: Parameters, share: number): Formula | null {
  const { lifetimeS, maxAgeS, ageJitterPercent, maxRequests, goaway, rate } = given;
  if (isPooled(given)) return { text: 'at once: each client comes back to its own backends', fromS: 0, toS: 0 };
  const limits = [lifetimeS, maxAgeS, maxRequests, goaway].filter((limit) => limit > 0).length;
  if (limits === 0) return { text: 'never: no connection ends', fromS: Infinity, toS: Infinity };
  if (limits > 1) return null;
  if (maxAgeS > 0) {
    // Connections that moved in the first restart end first.
    const jitterS = (maxAgeS * ageJitterPercent) / 100;
    return { text: `max age ${maxAgeS} s ± ${ageJitterPercent} %`, fromS: Math.max(maxAgeS - jitterS - restartS(given), 0), toS: maxAgeS + jitterS };
  }
  if (maxRequests > 0) {
    // The time of n random requests has the standard deviation √n ÷ rate.
    const [meanS, sigmaS] = [maxRequests / rate, Math.sqrt(maxRequests) / rate];
    return { text: `${maxRequests} requests, ${rate} per second`, fromS: Math.max(meanS - 3 * sigmaS - restartS(given), 0), toS: meanS + 3 * sigmaS };
  }
  const endsPerS = lifetimeS > 0 ? 1 / lifetimeS : (goaway * rate) / poolOf(given);
  const atS = -Math.log(share) / endsPerS;
  return { text: `excess × e^(−t ÷ ${Number((1 / endsPerS).toFixed(1))} s), until ${Math.round(share * 100)} % is left`, fromS: atS, toS: atS };
}

/**
 * A rolling restart in `groups` groups, where each connection of a restarting group is dialled again to a random other group: the highest load before
 * the last group restarts, over fair. It tends to e.
 */
export function rollingPeak(groups: number): number {
  return (groups / (groups - 1)) ** (groups - 1);
}

/** The loads over fair after such a restart, in the order of the restarts. With many groups this is e − e^t for the group that was restarted at the fraction t. */
export function rollingEnd(groups: number): number[] {
  const loads = Array<number>(groups).fill(1);
  for (const group of loads.keys()) {
    const moved = loads[group] as number;
    for (const other of loads.keys()) loads[other] = other === group ? 0 : (loads[other] as number) + moved / (groups - 1);
  }
  return loads;
}

/** What several seeds gave. */
export interface Spread {
  mean: number;
  min: number;
  p10: number;
  median: number;
  p90: number;
  max: number;
}

/** Quantiles are values that occurred (nearest rank). Null if there are no values. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] as number;
  return { mean: values.reduce((sum, each) => sum + each, 0) / values.length, min: at(0), p10: at(0.1), median: at(0.5), p90: at(0.9), max: at(1) };
}
