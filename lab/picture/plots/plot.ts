/** Draws the plot of a scenario as SVG: a pure function of the plot and a width. */
import type { Plot } from '../../analysis/plot.ts';
import { drawRuler } from './ruler.ts';
import { drawShares } from './shares.ts';
import { drawSweep } from './sweep.ts';
import { escaped, px, wrappedTo } from '../draw/text.ts';
import { marginPx, type DrawnPlot } from './parts.ts';

const titlePx = 18;
const linePx = 14;

/** Returns the inside of an SVG element, its height, and what it shows as text. Its top is at `top`. */
export function drawPlot(plot: Plot, width: number, top = 0): DrawnPlot {
  const title = wrappedTo(plot.title, width - 2 * marginPx, 13);
  const bodyTop = top + title.length * titlePx + 10;
  const { inner, height, text } = plot.kind === 'ruler' ? drawRuler(plot, width, bodyTop) : plot.kind === 'shares' ? drawShares(plot, width, bodyTop) : drawSweep(plot, width, bodyTop);
  const captionTop = bodyTop + height + 16;
  const lines = wrappedTo(plot.caption, width - 2 * marginPx, 10);
  return {
    inner:
      title.map((line, index) => `<text class="name" x="${marginPx}" y="${px(top + 16 + index * titlePx)}">${escaped(line)}</text>`).join('') +
      inner +
      lines.map((line, index) => `<text class="dim small" x="${marginPx}" y="${px(captionTop + index * linePx)}">${escaped(line)}</text>`).join(''),
    height: captionTop - top + lines.length * linePx,
    text,
  };
}

/** A text of this length says everything that a plot of the lab shows. */
const mostText = 4_000;
/** Two sizes, so that the text can be read on a telephone, too. The style of the page shows the one that fits. */
const widths = { wide: 680, narrow: 340 };

/** The plot for a page. It needs no script. */
export function plotHtml(plot: Plot): string {
  const drawn = Object.entries(widths).map(([name, width]) => {
    const { inner, height, text } = drawPlot(plot, width);
    return `<svg class="${name}" viewBox="0 0 ${width} ${px(height)}" role="img" aria-label="${escaped(`${plot.title}. ${text}`, mostText)}">${inner}</svg>`;
  });
  return `<div class="plot">${drawn.join('')}</div>`;
}
