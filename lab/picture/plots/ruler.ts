/** Draws a ruler: moments on an axis that is true to time. What was not measured is hollow. */
import type { RulerPlot, RulerRow } from '../../analysis/plot.ts';
import { marginPx, type DrawnPlot } from './parts.ts';
import { escaped, px, widthOf } from '../draw/text.ts';

const rowPx = 52;
/** The line that says what ended the run. */
const endLinePx = 16;
/** The room for half of a label at each end of the axis. */
const endPx = 18;

export function drawRuler({ rows, end }: RulerPlot, width: number, top: number): DrawnPlot {
  const lastMs = Math.max(1, end?.atMs ?? 0, ...rows.flatMap(({ atMs, isMeasured }) => (isMeasured ? atMs : [])));
  const [left, right] = [marginPx + endPx, width - marginPx - endPx];
  const xOf = (ms: number): number => left + (ms / lastMs) * (right - left);
  const rowsTop = top + (end ? endLinePx : 0);
  const bottom = rowsTop + rows.length * rowPx;
  // What would come after the end of the run stays outside.
  const shown = rows.map((row) => ({ ...row, atMs: row.atMs.filter((ms) => ms <= lastMs) }));
  const text = [...shown.map(({ label, atMs, isMeasured }) => `${label}${isMeasured ? '' : ' (not measured)'}: ${atMs.map(secondsText).join(', ')}`), ...(end ? [`${end.what} after ${secondsText(end.atMs)}`] : [])].join('. ');
  return {
    inner: grid(lastMs, xOf, rowsTop, bottom) + shown.map((row, index) => drawRow(row, xOf, right, rowsTop + index * rowPx)).join('') + (end ? drawEnd(end, xOf, top, bottom) : ''),
    height: bottom + 18 - top,
    text,
  };
}

function drawRow({ label, atMs, isMeasured }: RulerRow, xOf: (ms: number) => number, right: number, y: number): string {
  const lineY = y + 26;
  let freeX = -Infinity;
  const marks = atMs.map((ms, index) => {
    const x = xOf(ms);
    const shape = `M${px(x - 4.5)} ${px(lineY - 9)}h9l-4.5 9z`;
    const mark = isMeasured ? `<path class="fill-failed" d="${shape}"/>` : `<path class="outline edge-note" stroke-width="1.4" d="${shape}"/>`;
    const text = secondsText(ms);
    const half = widthOf(text, 10) / 2;
    const isFree = x - half > freeX;
    if (isFree) freeX = x + half + 3;
    const words = isFree ? `<text class="${isMeasured ? '' : 'dim '}small halo-paper" x="${px(x)}" y="${px(lineY + 13)}" text-anchor="middle">${text}</text>` : '';
    return `<g><title>${escaped(`${label}: ${index + 1}. after ${text}${isMeasured ? '' : ', not measured'}`)}</title>${mark}${words}</g>`;
  });
  return `<text class="${isMeasured ? 'strong' : 'dim'} halo-paper" x="${marginPx}" y="${px(y + 9)}">${escaped(label)}</text><path class="axis" ${isMeasured ? '' : 'stroke-dasharray="3 3" '}d="M${px(xOf(0))} ${px(lineY)}H${px(right)}"/>${marks.join('')}`;
}

/** A line for each whole second, or for each of many. */
function grid(lastMs: number, xOf: (ms: number) => number, top: number, bottom: number): string {
  const step = [1, 2, 5, 10, 20, 50, 100].find((seconds) => xOf(seconds * 1_000) - xOf(0) >= widthOf(`${Math.round(lastMs / 1_000)} s`, 10) + 6) ?? 200;
  const times = Array.from({ length: Math.floor(lastMs / 1_000 / step) + 1 }, (_, index) => index * step);
  return times.map((seconds) => `<path class="rule" d="M${px(xOf(seconds * 1_000))} ${px(top + 12)}V${px(bottom)}"/><text class="dim small" x="${px(xOf(seconds * 1_000))}" y="${px(bottom + 13)}" text-anchor="middle">${seconds} s</text>`).join('');
}

function drawEnd({ atMs, what }: NonNullable<RulerPlot['end']>, xOf: (ms: number) => number, top: number, bottom: number): string {
  const x = xOf(atMs);
  const text = `${what} after ${secondsText(atMs)}`;
  // Left of the line, or where it begins at the left, right of it.
  const isLeft = x - widthOf(text, 10) > marginPx;
  return `<path class="edge-note" stroke-width="1.5" stroke-dasharray="5 3" d="M${px(x)} ${px(top + 2)}V${px(bottom)}"/><text class="dim small" x="${px(isLeft ? x - 5 : x + 5)}" y="${px(top + 9)}"${isLeft ? ' text-anchor="end"' : ''}>${escaped(text)}</text>`;
}

/** `0`, `1.02 s`, `19.5 s`. */
function secondsText(ms: number): string {
  return ms === 0 ? '0' : `${(ms / 1_000).toFixed(ms >= 9_995 ? 1 : 2)} s`;
}
