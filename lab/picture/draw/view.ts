/** Which part of the axis a picture shows, and where on it a time is, in pixels. */
import type { Mark } from '../model.ts';
import { firstIndex, type Scale } from '../scale.ts';

export interface View {
  scale: Scale;
  /** The visible part of the axis, in places from 0 to 1. */
  from: number;
  to: number;
  plotX: number;
  plotWidth: number;
}

/** Where a time is. A time that is not visible is left or right of the plot, by as much as the drawing needs. */
export function xOf({ scale, from, to, plotX, plotWidth }: View, ms: number): number {
  return plotX + ((scale.placeOf(ms) - from) / (to - from)) * plotWidth;
}

/** The time at a pixel. */
export function msOf({ scale, from, to, plotX, plotWidth }: View, x: number): number {
  return scale.msAt(from + ((x - plotX) / plotWidth) * (to - from));
}

/** The times at both ends of what is visible. */
export function visibleMs({ scale, from, to }: View): [number, number] {
  return [scale.msAt(from), scale.msAt(to)];
}

/** For each list of marks: the latest end among each mark and those before it, so that the first visible mark can be found by bisection. */
const latestEnds = new WeakMap<readonly Mark[], number[]>();

/** The marks of a layer that are visible: between two indexes, and perhaps some that are not. */
export function visibleRange(marks: readonly Mark[], [fromMs, toMs]: readonly [number, number]): [number, number] {
  let ends = latestEnds.get(marks);
  if (!ends) {
    let latest = -Infinity;
    ends = marks.map((mark) => (latest = Math.max(latest, mark.toMs)));
    latestEnds.set(marks, ends);
  }
  return [firstIndex(ends, (endMs) => endMs >= fromMs), firstIndex(marks, (mark) => mark.fromMs > toMs)];
}
