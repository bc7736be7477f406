/** Inline Markdown of lessons as a terminal shows it: code and emphasis in colours, or with their marks where there are no colours. */
import { partsOf, type Part } from '../lessons/inline.ts';
import { labCommand } from '../vocabulary/project.ts';
import { lineWidth, pc } from '../vocabulary/terminal.ts';

/** A word of a line: pieces without a blank between them, such as `code` and the comma after it. */
type Word = { shown: string; length: number }[];

/** Splits inline Markdown into painted lines that leave `indent` columns of the terminal free. */
export function wrappedInline(text: string, indent: number): string[] {
  const width = lineWidth() - indent;
  const lines: Word[][] = [];
  let used = 0;
  for (const word of wordsOf(partsOf(text))) {
    const length = word.reduce((sum, piece) => sum + piece.length, 0);
    const line = lines.at(-1);
    if (line === undefined || used + 1 + length > width) {
      lines.push([word]);
      used = length;
    } else {
      line.push(word);
      used += 1 + length;
    }
  }
  return lines.map((line) => line.map((word) => word.map(({ shown }) => shown).join('')).join(' '));
}

function wordsOf(parts: readonly Part[]): Word[] {
  const words: Word[] = [];
  let open: Word | undefined;
  for (const part of parts) {
    // Code stays on one line: a command that is broken into two cannot be copied.
    const pieces = part.kind === 'code' ? [part.text] : part.text.split(' ');
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) open = undefined;
      if (piece === '') continue;
      if (!open) words.push((open = []));
      open.push(shownPiece(part.kind, piece));
    }
  }
  return words;
}

function shownPiece(kind: Part['kind'], piece: string): Word[number] {
  if (kind === 'code') return codePiece(piece.replace(/^bin\/lab\b/, labCommand));
  return { shown: kind === 'emphasis' ? pc.italic(piece) : piece, length: piece.length };
}

/** The command of the lab is another one in somebody's repository. */
function codePiece(piece: string): Word[number] {
  return pc.isColorSupported ? { shown: pc.cyan(piece), length: piece.length } : { shown: `\`${piece}\``, length: piece.length + 2 };
}
