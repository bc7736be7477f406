/** What the plots share. */

/** What a kind of plot draws below the title. */
export interface DrawnPlot {
  inner: string;
  height: number;
  /** What it shows, as text. */
  text: string;
}

/** The space at the left and right edges. */
export const marginPx = 14;
