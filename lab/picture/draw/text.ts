/** Text in a picture: made safe, measured, and cut to its place. */
import { printable } from '../../vocabulary/printable.ts';

/** No text of a mark is longer. Texts come from the network, and a header may have a megabyte. */
const longest = 300;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for XML and HTML, also inside of quotes. Control characters and marks that change the direction of writing are written out. Long text is cut, with a note. */
export function escaped(text: string, most = longest): string {
  const shown = text.length > most ? `${text.slice(0, most)} … (cut: ${most} of ${text.length} characters)` : text;
  // U+FFFE and U+FFFF are no characters of XML.
  return printable(shown).replace(/[\uFFFE\uFFFF]/g, '\uFFFD').replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** How wide a text is, in pixels at most: in DejaVu Sans, which is wider than the other fonts of the list. */
export function widthOf(text: string, sizePx = 11): number {
  let em = 0;
  for (const character of text) em += /[ijlI.,:;|!'()[\] ]/.test(character) ? 0.38 : /[mwMW%@→…#]/.test(character) ? 0.92 : /[A-Z]/.test(character) ? 0.7 : 0.63;
  return em * sizePx;
}

/** The first of the labels that fits, or null. */
export function fitting(labels: readonly string[], widthPx: number, sizePx = 11): string | null {
  // The narrowest letter: a very long text need not be measured.
  return labels.find((label) => label !== '' && label.length * 0.38 * sizePx <= widthPx && widthOf(label, sizePx) <= widthPx) ?? null;
}

/** The first of the labels that fits, or as much of the shortest one as fits: at least three letters, or null. */
export function fittingOrCut(labels: readonly string[], widthPx: number, sizePx = 11): string | null {
  const fit = fitting(labels, widthPx, sizePx);
  const shortest = labels.at(-1) ?? '';
  if (fit !== null) return fit;
  const letters = Math.floor((widthPx / widthOf(shortest, sizePx)) * shortest.length) - 1;
  return letters >= 3 ? `${shortest.slice(0, letters)}…` : null;
}

/** Breaks a text into lines of at most so many pixels. */
export function wrappedTo(text: string, widthPx: number, sizePx: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || widthOf(`${last} ${word}`, sizePx) > widthPx) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** A number for an attribute: a tenth of a pixel is enough. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
