/**
 * From time to a place on the axis. A run has steps of 0.3 ms beside waits of 10 s. True to time, the steps would vanish, so the usual scale is
 * warped: piecewise linear between the times at which something happens, and a longer step is wider by the logarithm of its time.
 */

/** Places are parts of the whole axis, from 0 to 1. Both directions are strictly monotonic. */
export interface Scale {
  kind: 'warped' | 'true to time';
  startMs: number;
  endMs: number;
  /** The place of a time. A time outside the axis has the place of the nearer end. */
  placeOf(ms: number): number;
  /** The time at a place. */
  msAt(place: number): number;
  /** The times between which the scale is linear, in order. No two are equal. */
  knotsMs: readonly number[];
}

/** Times closer to each other than this are one knot: the clocks of two witnesses do not agree to less than a microsecond. */
const closestMs = 0.001;
/** A wait that a reader must see at once, and the least width for it. */
const wait = { ms: 90, px: 54 };

/** How wide a step is on the warped scale, in pixels, before the axis is fitted to its width. */
export function stepPx(ms: number): number {
  const px = 4.5 + 9 * Math.log2(1 + ms);
  return ms >= wait.ms ? Math.max(px, wait.px) : px;
}

/** The warped scale over the times at which something happens. */
export function warpedScale(timesMs: readonly number[], startMs: number, endMs: number): Scale {
  const [first, last] = range(startMs, endMs);
  const knotsMs = [first];
  for (const ms of timesMs.filter((each) => each > first && each < last).sort((one, other) => one - other)) if (ms - (knotsMs.at(-1) ?? ms) >= closestMs) knotsMs.push(ms);
  // The last knot before the end must not be closer to it than any two others.
  while (knotsMs.length > 1 && last - (knotsMs.at(-1) ?? last) < closestMs) knotsMs.pop();
  knotsMs.push(last);
  const places = [0];
  for (let index = 1; index < knotsMs.length; index++) places.push((places[index - 1] ?? 0) + stepPx((knotsMs[index] ?? 0) - (knotsMs[index - 1] ?? 0)));
  const whole = places.at(-1) ?? 1;
  return scaleOf('warped', knotsMs, places.map((px) => px / whole));
}

/** The scale on which equal times have equal widths. */
export function trueScale(startMs: number, endMs: number): Scale {
  return scaleOf('true to time', range(startMs, endMs), [0, 1]);
}

function range(startMs: number, endMs: number): [number, number] {
  return [startMs, endMs - startMs >= closestMs ? endMs : startMs + 1];
}

function scaleOf(kind: Scale['kind'], knotsMs: readonly number[], places: readonly number[]): Scale {
  return {
    kind,
    startMs: knotsMs[0] ?? 0,
    endMs: knotsMs.at(-1) ?? 0,
    knotsMs,
    placeOf: (ms) => between(knotsMs, places, ms),
    msAt: (place) => between(places, knotsMs, place),
  };
}

/** Linear interpolation: where `value` is between two of `from`, the same between the two of `to`. */
function between(from: readonly number[], to: readonly number[], value: number): number {
  const above = Math.min(Math.max(firstIndex(from, (each) => each > value), 1), from.length - 1);
  const [low = 0, high = 1, lowTo = 0, highTo = 1] = [from[above - 1], from[above], to[above - 1], to[above]];
  return lowTo + Math.min(Math.max((value - low) / (high - low), 0), 1) * (highTo - lowTo);
}

/** The index of the first element for which `isIt` holds, by bisection: it must hold for all later ones, too. The length if there is none. */
export function firstIndex<T>(list: readonly T[], isIt: (each: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isIt(list[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
