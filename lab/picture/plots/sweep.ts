/** Draws a sweep: what was measured at each value of a setting, and where it changes. */
import type { SweepPlot } from '../../analysis/plot.ts';
import type { Tone } from '../model.ts';
import { marginPx, type DrawnPlot } from './parts.ts';
import { escaped, px, widthOf } from '../draw/text.ts';

/** A series has a colour and a shape, because not everybody sees the colours. */
const tones: readonly Tone[] = ['dns', 'host-1', 'host-2', 'host-3'];
const axisPx = 44;

export function drawSweep({ set, measured, series, points, change, diagonal }: SweepPlot, width: number, top: number): DrawnPlot {
  const isNarrow = width < 500;
  const legend = drawLegend(series, top, width);
  const [left, right] = [marginPx + axisPx, width - marginPx - 6];
  const plotTop = top + legend.height + 38;
  const bottom = plotTop + (isNarrow ? 170 : 220);
  const mostX = Math.max(1, ...points.map(({ setMs }) => setMs));
  const mostY = Math.max(1, ...points.map(({ measuredMs }) => measuredMs)) * 1.12;
  const stepX = roundStep(mostX, isNarrow ? 4 : 8);
  const xOf = (ms: number): number => left + ((ms + stepX * 0.3) / (mostX + stepX * 0.6)) * (right - left);
  const yOf = (ms: number): number => bottom - (ms / mostY) * (bottom - plotTop);
  const parts: string[] = [legend.inner];
  if (change) {
    const [from, to] = [xOf(change.fromMs), xOf(change.toMs)];
    const text = `${change.what}: ${change.fromMs}–${change.toMs} ms`;
    const half = widthOf(text, 10) / 2;
    const middle = Math.min(Math.max((from + to) / 2, marginPx + half), width - marginPx - half);
    parts.push(`<rect class="wait" x="${px(from)}" y="${px(plotTop - 6)}" width="${px(to - from)}" height="${px(bottom - plotTop + 6)}"/><text class="strong small" x="${px(middle)}" y="${px(plotTop - 11)}" text-anchor="middle">${escaped(text)}</text>`);
  }
  const stepY = roundStep(mostY, 5);
  for (let ms = 0; ms <= mostY; ms += stepY) parts.push(`<path class="rule" d="M${px(left)} ${px(yOf(ms))}H${px(right)}"/><text class="dim small" x="${px(left - 6)}" y="${px(yOf(ms) + 3.6)}" text-anchor="end">${ms}</text>`);
  for (let ms = 0; ms <= mostX; ms += stepX) parts.push(`<path class="axis" d="M${px(xOf(ms))} ${px(bottom)}v4"/><text class="dim small" x="${px(xOf(ms))}" y="${px(bottom + 15)}" text-anchor="middle">${ms}</text>`);
  parts.push(`<path class="axis" d="M${px(left)} ${px(plotTop)}V${px(bottom)}H${px(right)}"/>`);
  if (diagonal !== null) parts.push(drawDiagonal(diagonal, Math.min(mostX, mostY), xOf, yOf));
  parts.push(drawPoints(points, series, xOf, yOf));
  parts.push(`<text class="dim small" x="${px(right)}" y="${px(bottom + 30)}" text-anchor="end">${escaped(set)}, ms</text><text class="dim small" x="${marginPx}" y="${px(top + legend.height + 4)}">${escaped(measured)}, ms</text>`);
  const text = [...series.map((name) => `${name}: ${points.filter((point) => point.series === name).map(({ setMs, measuredMs }) => `${measuredMs.toFixed(0)} ms at ${setMs} ms`).join(', ')}`), ...(change ? [`${change.what} between ${change.fromMs} and ${change.toMs} ms`] : [])].join('. ');
  return { inner: parts.join(''), height: bottom + 34 - top, text: `${measured}, against ${set}. ${text}` };
}

function drawLegend(series: readonly string[], top: number, width: number): { inner: string; height: number } {
  let [x, y] = [marginPx + 6, top + 4];
  const parts = series.map((name, index) => {
    const wide = 14 + widthOf(name, 11) + 16;
    if (x + wide > width && x > marginPx + 6) [x, y] = [marginPx + 6, y + 18];
    const drawn = `${shapeOf(index, x, y)}<text class="fill-${toneOf(index)}" x="${px(x + 10)}" y="${px(y + 4)}">${escaped(name)}</text>`;
    x += wide;
    return drawn;
  });
  return { inner: parts.join(''), height: y - top + 20 };
}

const toneOf = (index: number): Tone => tones[index % tones.length] ?? 'note';

/** A disc, a square, a triangle, a diamond. */
function shapeOf(index: number, x: number, y: number): string {
  const shapes = [`M${px(x - 4.5)} ${px(y)}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0`, `M${px(x - 4)} ${px(y - 4)}h8v8h-8z`, `M${px(x - 5)} ${px(y + 4)}h10l-5 -9z`, `M${px(x - 5)} ${px(y)}l5 -5l5 5l-5 5z`];
  return `<path class="fill-${toneOf(index)}" d="${shapes[index % shapes.length] ?? ''}"/>`;
}

/** The points, each with what was measured. Where several were measured at one setting, the number of the highest one stands there. */
function drawPoints(points: SweepPlot['points'], series: readonly string[], xOf: (ms: number) => number, yOf: (ms: number) => number): string {
  const highest = new Set([...Map.groupBy(points, ({ setMs }) => setMs).values()].map((group) => group.reduce((one, other) => (other.measuredMs > one.measuredMs ? other : one))));
  return points.map((point) => {
    const { setMs, measuredMs } = point;
    const [x, y, index] = [xOf(setMs), yOf(measuredMs), series.indexOf(point.series)];
    const text = highest.has(point) ? `<text class="fill-${toneOf(index)} small halo-paper" x="${px(x)}" y="${px(y - 8)}" text-anchor="middle">${measuredMs.toFixed(0)}</text>` : '';
    return `<g><title>${escaped(`${setMs} ms: ${point.series}, ${measuredMs.toFixed(1)} ms`)}</title>${shapeOf(index, x, y)}${text}</g>`;
  }).join('');
}

function drawDiagonal(text: string, mostMs: number, xOf: (ms: number) => number, yOf: (ms: number) => number): string {
  // The numbers of points on the line stand above them, so there is room below it.
  const at = mostMs * 0.3;
  return `<path class="line edge-note" stroke-width="1.2" stroke-dasharray="4 4" d="M${px(xOf(0))} ${px(yOf(0))}L${px(xOf(mostMs))} ${px(yOf(mostMs))}"/><text class="dim small halo-paper" x="${px(xOf(at) + 12)}" y="${px(yOf(at) + 12)}">${escaped(text)}</text>`;
}

/** A round step, so that about `count` of them fill `most`. */
function roundStep(most: number, count: number): number {
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
}
