/**
 * Lines of a terminal as an SVG picture: a pure function of the same phrases that the terminal paints. Each piece of text stands at its column, and is as wide as
 * its columns, whatever the font of the viewer is.
 */
import { backendOfAddress, plainText, type Phrase, type Role } from '../vocabulary/telling.ts';
import { standaloneStyle, type Theme } from './draw/palette.ts';
import { escaped, px } from './draw/text.ts';
import { serverTone } from './hosts.ts';
import type { Tone } from './model.ts';

const fontPx = 13;
/** The width of a letter in the usual fonts with letters of one width. */
const columnPx = fontPx * 0.602;
const linePx = 18;
const paddingPx = 16;

/** What a role looks like: a colour, or letters of another weight or kind. The address of a backend has the backend's colour. */
const tones: Partial<Record<Role, Tone>> = {
  error: 'failed', fault: 'failed', bad: 'failed', heal: 'ok', good: 'ok', doubtful: 'host-1',
  'mark-fault': 'failed', 'mark-client': 'ok', 'mark-wire': 'host-0', 'mark-resolver': 'host-2', 'mark-dns': 'dns', 'mark-backend': 'host-1',
};
const dimRoles: readonly Role[] = ['request', 'dim', 'mark-lab', 'mark-load'];
const strongRoles: readonly Role[] = ['strong', 'fault', 'heal'];

/** A piece of text of one look. */
interface Piece {
  text: string;
  column: number;
  classes: string;
}

/** Returns the file. `title` says what it shows to somebody who does not see it. */
export function terminalPicture(lines: readonly Phrase[], { title, theme }: { title: string; theme: Theme | 'both' }): string {
  const columns = Math.max(...lines.map((line) => plainText(line).length));
  const [width, height] = [Math.ceil(columns * columnPx) + 2 * paddingPx, lines.length * linePx + 2 * paddingPx];
  const drawn = lines.map((line, index) => piecesOf(line).map((piece) => drawPiece(piece, paddingPx + index * linePx + fontPx)).join(''));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${standaloneStyle(theme)}text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:${fontPx}px}.note-text{font-style:italic}</style>`,
    `<rect class="lane" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...drawn.filter((line) => line !== ''),
    '</svg>\n',
  ].join('\n');
}

/** The pieces of a line. Blanks are no pieces: the next piece stands behind them. */
function piecesOf(line: Phrase): Piece[] {
  const pieces: Piece[] = [];
  let column = 0;
  const walk = (phrase: Phrase, roles: readonly Role[]): void => {
    for (const span of phrase) {
      if (typeof span !== 'string') {
        walk(span.phrase, [...roles, span.role]);
        continue;
      }
      for (const { 0: text, index } of span.matchAll(/\S+(?: \S+)*/g)) pieces.push({ text, column: column + index, classes: classesOf(roles, text) });
      column += span.length;
    }
  };
  walk(line, []);
  return pieces;
}

/** The innermost role that has a colour decides about it. */
function classesOf(roles: readonly Role[], text: string): string {
  const coloured = roles.findLast((role) => role in tones || dimRoles.includes(role) || role === 'address');
  const backend = coloured === 'address' ? backendOfAddress(text) : null;
  const tone = backend === null ? coloured && tones[coloured] : serverTone(backend);
  return [
    ...(tone ? [`fill-${tone}`] : coloured !== undefined && dimRoles.includes(coloured) ? ['dim'] : []),
    ...(roles.some((role) => strongRoles.includes(role)) ? ['strong'] : []),
    ...(roles.includes('note') ? ['note-text'] : []),
  ].join(' ');
}

function drawPiece({ text, column, classes }: Piece, y: number): string {
  return `<text${classes === '' ? '' : ` class="${classes}"`} x="${px(paddingPx + column * columnPx)}" y="${px(y)}" textLength="${px(text.length * columnPx)}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`;
}
