/** The colours of the matrix: first by what came of a request, then by its milliseconds. No cell has its colour alone: each one has both as text. */
import type { Palette } from './palette.ts';

/** The upper ends of the steps of time, in ms. Each one is about three times the one before, and the last step has no end. */
export const heatStepsMs = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, Infinity] as const;

/** The step of a time. */
export function heatStepOf(ms: number): number {
  return heatStepsMs.findIndex((endMs) => ms <= endMs);
}

/** The fill of each step of an outcome. */
export function heatFills({ heat }: Pick<Palette, 'heat'>, outcome: keyof Palette['heat']): string[] {
  const [fast, slow] = heat[outcome];
  return heatStepsMs.map((_, step) => mixed(fast, slow, step / (heatStepsMs.length - 1)));
}

/** A colour between two, `#rrggbb`. `part` is 0 for the first one and 1 for the other. */
function mixed(one: string, other: string, part: number): string {
  const channel = (at: number): string => {
    const [from, to] = [one, other].map((colour) => parseInt(colour.slice(at, at + 2), 16)) as [number, number];
    return Math.round(from + (to - from) * part).toString(16).padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** The rules for the classes `answered-0` to `answered-9`, `error-0` to `error-9` and `no-answer`. Without a time, a cell has the palest colour of its outcome. */
export function heatStyle(palette: Palette): string {
  const { noAnswer } = palette;
  const steps = (['answered', 'error'] as const).flatMap((outcome) => heatFills(palette, outcome).map((fill, step) => `.${outcome}-${step}{background:${fill}}`));
  return `${steps.join('')}.no-answer{background:${noAnswer.fill};color:${noAnswer.on}}`;
}
