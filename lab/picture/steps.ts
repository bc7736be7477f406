/** The way of a request, from a name to an answer, as one picture: each step is a lane, and what can go wrong there are cards with the scenarios that show it. A pure function. */
import { standaloneStyle, type Theme } from './draw/palette.ts';
import { escaped, px, wrappedTo } from './draw/text.ts';

/** What can go wrong in a step, and the scenarios about it. */
interface Trouble {
  title: string;
  scenarios: readonly string[];
}

/** A step of a request. */
export interface Step {
  name: string;
  /** What happens in it if nothing goes wrong. */
  does: string;
  troubles: readonly Trouble[];
}

const widthPx = 880;
const paddingPx = 14;
const labelPx = 150;
const gapPx = 10;
const columns = 3;
const cardPx = (widthPx - 2 * paddingPx - labelPx - columns * gapPx) / columns;
const linePx = 15;
const headPx = 46;

/** Returns the file. `title` says what it shows to somebody who does not see it. */
export function stepsPicture(steps: readonly Step[], { title, theme }: { title: string; theme: Theme | 'both' }): string {
  const parts: string[] = [];
  let y = paddingPx + headPx;
  steps.forEach((step, index) => {
    const rows = rowsOf(step.troubles);
    const heightPx = rows.reduce((sum, row) => sum + row.heightPx + gapPx, gapPx);
    parts.push(`<rect class="lane" x="${px(paddingPx)}" y="${px(y)}" width="${px(widthPx - 2 * paddingPx)}" height="${px(heightPx)}" rx="8"/>`);
    parts.push(`<text class="name" x="${px(paddingPx + 14)}" y="${px(y + 26)}" style="font-size:17px">${escaped(step.name)}</text>`);
    wrappedTo(step.does, labelPx - 26, 11).forEach((line, at) => parts.push(`<text class="dim" x="${px(paddingPx + 14)}" y="${px(y + 46 + at * linePx)}">${escaped(line)}</text>`));
    let cardY = y + gapPx;
    for (const row of rows) {
      row.cards.forEach((card, column) => { parts.push(...drawCard(card, paddingPx + labelPx + column * (cardPx + gapPx), cardY, row.heightPx)); });
      cardY += row.heightPx + gapPx;
    }
    y += heightPx;
    if (index < steps.length - 1) parts.push(`<path class="dim" style="fill:currentColor" d="M${px(paddingPx + 30)} ${px(y + 3)}h14l-7 9z"/>`);
    y += 16;
  });
  const height = Math.ceil(y - 16 + paddingPx);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${height}" width="${widthPx}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${standaloneStyle(theme)}.dim{color:#808b98}.scenario{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:10.5px}.card{font-weight:600}</style>`,
    `<rect class="paper" width="${widthPx}" height="${height}"/>`,
    `<text class="name" x="${px(paddingPx)}" y="${px(paddingPx + 16)}" style="font-size:15px">${escaped(title)}</text>`,
    `<text class="dim" x="${px(paddingPx)}" y="${px(paddingPx + 34)}">Each card is something that goes wrong in a step, with the scenarios that show it.</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

interface Card {
  title: string[];
  names: string[];
}

function rowsOf(troubles: readonly Trouble[]): { cards: Card[]; heightPx: number }[] {
  const cards = troubles.map(({ title, scenarios }): Card => ({ title: wrappedTo(title, cardPx - 20, 11), names: wrappedTo(scenarios.join('  '), cardPx - 20, 11) }));
  const rows: { cards: Card[]; heightPx: number }[] = [];
  for (let at = 0; at < cards.length; at += columns) {
    const row = cards.slice(at, at + columns);
    rows.push({ cards: row, heightPx: Math.max(...row.map(({ title, names }) => 16 + (title.length + names.length) * linePx)) });
  }
  return rows;
}

function drawCard({ title, names }: Card, x: number, y: number, heightPx: number): string[] {
  const text = (line: string, at: number, classes: string): string => `<text class="${classes}" x="${px(x + 10)}" y="${px(y + 18 + at * linePx)}">${escaped(line)}</text>`;
  return [
    `<rect class="paper" x="${px(x)}" y="${px(y)}" width="${px(cardPx)}" height="${px(heightPx)}" rx="6"/>`,
    ...title.map((line, at) => text(line, at, 'card')),
    ...names.map((line, at) => text(line, title.length + at, 'scenario fill-dns')),
  ];
}
