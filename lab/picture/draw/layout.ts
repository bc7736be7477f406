/** Where the lanes and rows of a picture are, from top to bottom. */
import type { Lane, Row, Section } from '../model.ts';

export interface PlacedRow {
  row: Row;
  y: number;
  height: number;
}

export interface PlacedLane {
  lane: Lane;
  y: number;
  height: number;
  rows: PlacedRow[];
}

/** The height of the text of intervals, which is a part of its row's height. */
export const intervalsPx = 17;

export interface Layout {
  width: number;
  height: number;
  /** The place for the lanes' names. None on a narrow picture: there each name stands above its lane. */
  gutter: number;
  plotX: number;
  plotWidth: number;
  sections: { section: Section; y: number; lanes: PlacedLane[] }[];
  lanesTop: number;
  lanesBottom: number;
  axisY: number;
  stripY: number;
}

const rowHeights: Record<Row['height'], number> = { tall: 24, middle: 19, low: 15, intervals: 41 };
const narrowest = 640;
/** The place for names: those of the lab, and those of hosts elsewhere, which are longer. */
const nameWidth = { own: 150, foreign: 230 };

/** `top` is what is left free above. `isShown` says which lanes are drawn. */
export function layoutOf(sections: readonly Section[], width: number, top: number, isShown: (lane: Lane) => boolean = () => true): Layout {
  const isNarrow = width < narrowest;
  const hasAddresses = sections.some((section) => section.lanes.some(({ address }) => address !== undefined));
  const gutter = isNarrow ? 0 : nameWidth[hasAddresses ? 'foreign' : 'own'];
  const margin = isNarrow ? 6 : 14;
  let y = top + 20;
  const lanesTop = y;
  const placed = sections.map((section) => {
    if (sections.length > 1) y += 24;
    const sectionY = y - 8;
    const lanes = section.lanes.filter(isShown).map((lane): PlacedLane => {
      if (isNarrow) y += 17;
      const laneY = y;
      y += 4;
      const rows = lane.rows.map((row): PlacedRow => {
        const height = rowHeights[row.height];
        y += height;
        return { row, y: y - height, height };
      });
      y += 4;
      const place = { lane, y: laneY, height: y - laneY, rows };
      y += isNarrow ? 3 : 5;
      return place;
    });
    return { section, y: sectionY, lanes };
  });
  const lanesBottom = y;
  const stripY = lanesBottom + 34;
  return { width, height: stripY + 10 * sections.length + 22, gutter, plotX: gutter + margin, plotWidth: width - gutter - 2 * margin, sections: placed, lanesTop, lanesBottom, axisY: lanesBottom + 4, stripY };
}
