/** One question put to the simulation: a cause, a remedy, own parameters, some seeds. Its answer is what `lab simulate --json` prints. */
import { LabError, unknownName } from '../../vocabulary/errors.ts';
import { figuresOf, evenOutFormula, spreadOf, type Figures, type Formula, type Spread } from './figures.ts';
import { poolOf, readParameters, type Parameters } from './parameters.ts';
import { causes, remedies, type Preset, type Remedy } from './presets.ts';
import { simulate } from './simulate.ts';
import { churnOf } from './subsets.ts';

/** The causes, and the other question that `lab simulate` answers. */
export const presetNames: readonly string[] = [...Object.keys(causes), 'supermarket'];
export const remedyNames: readonly string[] = Object.keys(remedies);

export interface Question {
  /** Null: only the given parameters. */
  preset: string | null;
  remedies: readonly string[];
  /** Words or values. They take precedence over those of the preset. */
  given: Readonly<Record<string, unknown>>;
}

/** One run, or the first one of several seeds. */
export interface Outcome extends Figures {
  parameters: Parameters;
  formula: Formula | null;
  /** Over all seeds. `evenOutS` counts only those seeds where the load evened out: `evenedOut` says how many. Null for one seed. */
  seeds: { count: number; evenedOut: number; peakOverFair: Spread | null; endOverFair: Spread | null; evenOutS: Spread | null } | null;
  /** Only for subsets: how many connections of a client move to another backend when one backend leaves for good. */
  churn: { mean: number; most: number } | null;
  /** The load of each backend divided by the fair load. */
  samples: { atS: number; overFair: number[] }[];
  end: number[];
}

/**
 * Returns the parameters of the cause, and for each remedy those of the cause with the remedy.
 * @throws {LabError} BAD_INPUT for an unknown name, or for parameters that do not fit.
 */
export function parametersOf({ preset, remedies: names, given }: Question): { cause: Parameters; remedied: { name: string; parameters: Parameters }[] } {
  const base = preset === null ? {} : causeNamed(preset).parameters;
  const chosen = names.map((name) => ({ name, remedy: remedyNamed(name) }));
  const strengths = new Set<string>(chosen.flatMap(({ remedy }) => remedy.strength ?? []));
  const cause = readParameters({ ...base, ...Object.fromEntries(Object.entries(given).filter(([key]) => !strengths.has(key))) });
  return {
    cause,
    remedied: chosen.map(({ name, remedy: { parameters, strength } }) => {
      const own = strength !== undefined && Object.hasOwn(given, strength) ? { [strength]: given[strength] } : {};
      return { name, parameters: readParameters({ ...cause, ...parameters(cause), ...own }) };
    }),
  };
}

export function causeNamed(name: string): Preset {
  const known: Record<string, Preset> = causes;
  if (Object.hasOwn(known, name)) return known[name] as Preset;
  if (remedyNames.includes(name)) throw new LabError('BAD_INPUT', `\`${name}\` is a remedy. Choose the cause that it is tried on: --preset rolling-restart-once --remedy ${name}`);
  throw unknownName('preset', name, presetNames);
}

export function remedyNamed(name: string): Remedy {
  const known: Record<string, Remedy> = remedies;
  if (Object.hasOwn(known, name)) return known[name] as Remedy;
  throw unknownName('remedy', name, [...remedyNames, 'all']);
}

/** Runs the simulation for `seeds` seeds, from `seed` on. */
export function outcomeOf(parameters: Parameters, { seed, seeds }: { seed: number; seeds: number }): Outcome {
  const course = simulate(parameters, String(seed));
  const figures = figuresOf(parameters, course);
  const others = Array.from({ length: seeds - 1 }, (_, index) => figuresOf(parameters, simulate(parameters, String(seed + index + 1))));
  const all = [figures, ...others];
  const evened = all.flatMap(({ evenOutS }) => (evenOutS === null ? [] : [evenOutS]));
  return {
    parameters,
    ...figures,
    formula: figures.evenAtShare === null ? null : evenOutFormula(parameters, figures.evenAtShare),
    seeds: seeds === 1 ? null : {
      count: seeds,
      evenedOut: evened.length,
      peakOverFair: spreadOf(all.map(({ peakOverFair }) => peakOverFair)),
      endOverFair: spreadOf(all.map(({ endOverFair }) => endOverFair)),
      evenOutS: spreadOf(evened),
    },
    churn: churn(parameters, String(seed)),
    samples: course.samples.map(({ atS, overFair }) => ({ atS, overFair: [...overFair].map(rounded) })),
    end: [...course.end].map(rounded),
  };
}

function churn(given: Parameters, seed: string): Outcome['churn'] {
  const { balance, clients, backends } = given;
  if (balance === 'pick-first' || balance === 'p2c' || balance === 'round-robin') return null;
  return backends === 1 ? null : churnOf(balance, { clients: Math.min(clients, 1_000), backends, size: Math.min(poolOf(given), backends - 1), seed });
}

/** Four digits: the picture needs no more, and JSON stays short. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
