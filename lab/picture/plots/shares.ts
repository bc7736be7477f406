/** Draws shares: a bar for each backend, against the fair share and its standard deviation. */
import { fairCount, type SharesPlot } from '../../analysis/plot.ts';
import { serverTone } from '../hosts.ts';
import { marginPx, type DrawnPlot } from './parts.ts';
import { escaped, px, widthOf } from '../draw/text.ts';

const headPx = 24;
const barPx = 19;
const gapPx = 12;

export function drawShares({ names, counted }: SharesPlot, width: number, top: number): DrawnPlot {
  const isNarrow = width < 500;
  const left = marginPx + Math.max(...names.map((name) => widthOf(name, 11))) + 8;
  // All words stand below each other, so that no bar and no band is in their way.
  const wordsX = width - marginPx - (isNarrow ? 84 : 130);
  const groups = counted.map(({ what, counts }) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return { what, counts, total, ...fairCount(total, names.length) };
  });
  // All groups have one scale.
  const most = Math.max(...groups.flatMap(({ counts, total, count, sigma }) => [...counts, count + sigma].map((each) => each / Math.max(total, 1))), 1 / names.length);
  const xOf = (share: number): number => left + (share / most) * (wordsX - 10 - left);
  const groupPx = headPx + names.length * barPx + gapPx;
  const texts: string[] = [];
  const drawn = groups.map(({ what, counts, total, count: fair, sigma }, place) => {
    const y = top + place * groupPx;
    const [from, to] = [xOf((fair - sigma) / Math.max(total, 1)), xOf((fair + sigma) / Math.max(total, 1))];
    const [barsTop, barsBottom] = [y + headPx - 3, y + headPx + names.length * barPx];
    const fairText = `fair: ${number(fair)} ± ${number(sigma)}`;
    const head = `${what}: ${total}`;
    // The words about the fair share stand right of its line, or left of it where there is no room.
    const fairX = xOf(1 / names.length);
    const isLeft = fairX + widthOf(fairText, 10) > width - marginPx;
    texts.push(`${head}, ${fairText}: ${names.map((name, index) => `${name} ${shareText(counts[index] ?? 0, total, fair, sigma)}`).join(', ')}`);
    const bars = names.map((name, index) => {
      const count = counts[index] ?? 0;
      const tone = serverTone(index);
      const barY = barsTop + 3 + index * barPx;
      const barWidth = xOf(count / Math.max(total, 1)) - left;
      const text = shareText(count, total, fair, sigma);
      const shown = isNarrow ? shareText(count, total, fair, 0) : text;
      return `<g><title>${escaped(`${name}: ${text}`)}</title><text class="fill-${tone} strong" x="${px(left - 8)}" y="${px(barY + 11.5)}" text-anchor="end">${escaped(name)}</text><rect class="fill-${tone}" x="${px(left)}" y="${px(barY)}" width="${px(Math.max(barWidth, count > 0 ? 1 : 0))}" height="${barPx - 5}" rx="2"/><text class="small" x="${px(wordsX)}" y="${px(barY + 10.8)}">${escaped(shown)}</text></g>`;
    });
    return (
      `<rect class="wait" x="${px(from)}" y="${px(barsTop)}" width="${px(Math.max(to - from, 1))}" height="${px(barsBottom - barsTop)}"/>` +
      `<text class="strong" x="${marginPx}" y="${px(y + 11)}">${escaped(head)}</text><text class="dim small halo-paper" x="${px(isLeft ? fairX - 3 : Math.max(fairX + 3, marginPx + widthOf(head, 12.5) + 12))}" y="${px(y + 11)}"${isLeft ? ' text-anchor="end"' : ''}>${fairText}</text>` +
      // A line of the page's colour below the dashes keeps them apart from the bars.
      `${bars.join('')}<path class="halo-paper" d="M${px(fairX)} ${px(barsTop)}V${px(barsBottom)}"/><path class="edge-packet" stroke-width="1.4" stroke-dasharray="4 3" d="M${px(fairX)} ${px(barsTop)}V${px(barsBottom)}"/>` +
      `<path class="axis" d="M${px(left)} ${px(barsTop)}V${px(barsBottom)}"/>`
    );
  });
  return { inner: drawn.join(''), height: groups.length * groupPx - gapPx, text: texts.join('. ') };
}

/** `201 · 67 % · +12.4 σ`. Without a deviation: `201 · 67 %`. */
function shareText(count: number, total: number, fair: number, sigma: number): string {
  const deviation = sigma > 0 ? ` · ${count < fair ? '−' : '+'}${Math.abs((count - fair) / sigma).toFixed(1)} σ` : '';
  return `${count} · ${total > 0 ? Math.round((100 * count) / total) : 0} %${deviation}`;
}

function number(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0).replace(/\.0$/, '');
}
