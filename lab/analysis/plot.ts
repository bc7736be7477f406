/**
 * The picture that a scenario may have of its own, beside the timeline of its run. It is data: lab/picture/draw/plot.ts draws it. Everything that it shows as
 * measured comes from the events of the run.
 */

/** A ruler, bars of shares, or a sweep. */
export type Plot = RulerPlot | SharesPlot | SweepPlot;

/** What all plots have. */
export interface CaptionedPlot {
  /** What the plot shows, in a line. */
  title: string;
  /** How to read it, and what in it was not measured. */
  caption: string;
}

/** Moments on an axis that is true to time: those of the run, and beside them those of another case. */
export interface RulerPlot extends CaptionedPlot {
  kind: 'ruler';
  rows: RulerRow[];
  /** When the run was over, in ms on the axis, and what happened then. */
  end: { atMs: number; what: string } | null;
}

/** A row of a ruler. */
export interface RulerRow {
  label: string;
  /** In ms. The axis begins at 0. */
  atMs: number[];
  /** False: the row shows what another kernel or another setting would do, and the caption says who says so. */
  isMeasured: boolean;
}

/** How something was spread over the backends: a bar for each of them, against the fair share and its standard deviation. */
export interface SharesPlot extends CaptionedPlot {
  kind: 'shares';
  /** The backends. */
  names: string[];
  /** What was counted, and how many each backend got of it. */
  counted: { what: string; counts: number[] }[];
}

/** The same measurement at growing values of a setting. */
export interface SweepPlot extends CaptionedPlot {
  kind: 'sweep';
  /** What was set, and what was measured, both in ms. */
  set: string;
  measured: string;
  /** The names of the series, in the order of their first points. */
  series: string[];
  points: SweepPoint[];
  /** The two settings between which the series changes, and what changes there. Null if it does not change, or more than once. */
  change: { fromMs: number; toMs: number; what: string } | null;
  /** What a line shows on which the measured time equals the set one. Null: no such line. */
  diagonal: string | null;
}

/** A point of a sweep. */
export interface SweepPoint {
  setMs: number;
  measuredMs: number;
  series: string;
}

/** A fair count of `total` over `parts`, and its standard deviation: that of a binomial count. */
export function fairCount(total: number, parts: number): { count: number; sigma: number } {
  const share = 1 / parts;
  return { count: total * share, sigma: Math.sqrt(total * share * (1 - share)) };
}
