/** The picture as SVG text: a pure function of the model and of what is to be seen. It runs in Node, for files, and in the page. */
import type { Plot } from '../../analysis/plot.ts';
import type { Lane, Layer, Section } from '../model.ts';
import { drawPlot } from '../plots/plot.ts';
import type { Scale } from '../scale.ts';
import { drawAxis, drawStrip, drawWaits } from './axis.ts';
import { layoutOf, type Layout, type PlacedLane } from './layout.ts';
import { drawRow, type ChosenRequest } from './marks.ts';
import { standaloneStyle, type Theme } from './palette.ts';
import { escaped, fittingOrCut, px, widthOf } from './text.ts';
import type { View } from './view.ts';

export interface PictureOptions {
  sections: readonly Section[];
  scale: Scale;
  width: number;
  /** The visible part of the axis, in places from 0 to 1; all of it if not given. */
  from?: number;
  to?: number;
  /** All that does not belong to this request is faded. */
  request?: ChosenRequest | undefined;
  isShown?: (lane: Lane) => boolean;
}

/** What a page draws: the inside of the SVG element, and where things are. */
export interface Drawn {
  inner: string;
  layout: Layout;
  view: View;
}

/** The id of a mark's element in the page, and the way back. */
export const markId = (section: number, lane: number, row: number, layer: Layer, index: number): string => `m-${section}-${lane}-${row}-${layer}-${index}`;

const hatch = '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V7"/></pattern></defs>';

/** Draws the lanes for a page: each mark has an id. */
export function drawForPage(options: PictureOptions): Drawn {
  return draw(options, true, 0);
}

function draw({ sections, scale, width, from = 0, to = 1, request, isShown }: PictureOptions, isPage: boolean, top: number): Drawn {
  const layout = layoutOf(sections, width, top, isShown);
  const view: View = { scale, from, to, plotX: layout.plotX, plotWidth: layout.plotWidth };
  const lanes = layout.sections.map(({ section, y, lanes: placed }, place) => {
    const title = sections.length > 1 ? `<text class="name" x="${layout.gutter > 0 ? 14 : 6}" y="${px(y)}">${escaped(section.name)}</text>` : '';
    return title + placed.map((lane) => drawLane(lane, layout, view, request, isPage ? (row, layer, index) => markId(place, section.lanes.indexOf(lane.lane), row, layer, index) : undefined)).join('');
  });
  return { inner: `${hatch}${drawWaits(layout, view)}${lanes.join('')}${drawAxis(layout, view)}${drawStrip(layout, view)}`, layout, view };
}

function drawLane({ lane, y, height, rows }: PlacedLane, layout: Layout, view: View, request: ChosenRequest | undefined, idOf: ((row: number, layer: Layer, index: number) => string) | undefined): string {
  const isNarrow = layout.gutter === 0;
  const name = isNarrow ? nameAbove(lane, view.plotX + 2, y - 4, view.plotWidth) : nameBeside(lane, (rows[0]?.y ?? y) + (rows[0]?.height ?? 20) / 2, layout.gutter);
  const labels = isNarrow ? [] : rows.filter(({ row }) => row.label !== '').map(({ row, y: rowY, height: rowHeight }) => `<text class="dim small" x="${px(view.plotX - 10)}" y="${px(rowY + rowHeight / 2 + 3.6)}" text-anchor="end">${escaped(row.label)}</text>`);
  const named = new Set<number>();
  const content = rows.map((placed, index) => {
    const [first] = placed.row.shades;
    const isShadeNamed = first !== undefined && named.has(first.fromMs);
    if (placed.row.height !== 'low') for (const { fromMs } of placed.row.shades) named.add(fromMs);
    return drawRow(placed, { view, request, isShadeNamed, idOf: idOf && ((layer, mark) => idOf(index, layer, mark)) });
  });
  return `<g role="group" aria-label="${escaped(lane.address === undefined ? lane.name : `${lane.name} ${lane.address}`)}"><rect class="lane" x="${px(view.plotX - 3)}" y="${px(y)}" width="${px(view.plotWidth + 6)}" height="${px(height)}" rx="4"/>${name}${labels.join('')}${content.join('')}</g>`;
}

const nameSize = 12.5;

/** On a narrow picture, name and address stand in one line above the lane. */
function nameAbove({ name, address, tone }: Lane, x: number, y: number, width: number): string {
  const text = address === undefined ? name : `${name} ${address}`;
  return `<text class="name fill-${tone}" x="${px(x)}" y="${px(y)}">${escaped(fittingOrCut([text], width - 4, nameSize) ?? '')}</text>`;
}

/** Beside the lane, the address of a host elsewhere stands below its name. */
function nameBeside({ name, address, tone }: Lane, middleY: number, gutter: number): string {
  const cut = (text: string, size: number): string => escaped(fittingOrCut([text], gutter - 44, size) ?? '');
  if (address === undefined) return `<text class="name fill-${tone}" x="14" y="${px(middleY + 4.5)}">${cut(name, nameSize)}</text>`;
  return `<text class="name fill-${tone}" x="14" y="${px(middleY - 1)}">${cut(name, nameSize)}</text><text class="dim small" x="14" y="${px(middleY + 11)}">${cut(address, 10)}</text>`;
}

/** The title and the line below it. */
const headPx = 52;
const widestPlot = 760;

/** A picture for a file: with its title, its style, its background, and the plot of the scenario above the lanes. `theme` `both` follows what the viewer prefers. */
export function pictureFile({ title, subtitle, theme = 'both', width = 1180, plot = null, ...options }: Omit<PictureOptions, 'width'> & { title: string; subtitle: string; theme?: Theme | 'both'; width?: number; plot?: Plot | null }): string {
  const plotted = plot && drawPlot(plot, Math.min(width, widestPlot), headPx);
  const { inner, layout } = draw({ ...options, width }, false, headPx + (plotted ? plotted.height + 8 : 0));
  const short = (text: string, size: number): string => (widthOf(text, size) <= width - 28 ? text : `${text.slice(0, Math.floor(((width - 40) / widthOf(text, size)) * text.length))}…`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${px(layout.height)}" width="${width}" height="${px(layout.height)}" role="img" aria-label="${escaped(`${title}. ${subtitle}`)}">`,
    `<style>${standaloneStyle(theme)}</style><rect class="paper" width="100%" height="100%"/>`,
    `<text class="title" x="14" y="26">${escaped(short(title, 16))}</text><text class="dim" x="14" y="45">${escaped(short(subtitle, 11))}</text>`,
    `${plotted?.inner ?? ''}${inner}`.replaceAll('</g><g', '</g>\n<g'),
    '</svg>\n',
  ].join('\n');
}

