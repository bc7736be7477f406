/** Phrases as a terminal shows them. Colours are on where a person looks: on a terminal, unless NO_COLOR (no-color.org) is set. FORCE_COLOR overrules both. */
import picocolors from 'picocolors';
import { backendOfAddress, plainText, type Phrase, type Role } from './telling.ts';

const { NO_COLOR, FORCE_COLOR } = process.env;

/** What paints text; without colours it leaves text as it is. */
export const pc = picocolors.createColors(FORCE_COLOR ? true : !NO_COLOR && process.stdout.isTTY);

const painters: Record<Exclude<Role, 'address'>, (text: string) => string> = {
  request: pc.dim,
  error: pc.red,
  strong: pc.bold,
  fault: (text) => pc.bold(pc.red(text)),
  heal: (text) => pc.bold(pc.green(text)),
  note: pc.italic,
  dim: pc.dim,
  good: pc.green,
  bad: pc.red,
  doubtful: pc.yellow,
  'mark-lab': pc.dim,
  'mark-fault': pc.red,
  'mark-client': pc.green,
  'mark-wire': pc.cyan,
  'mark-resolver': pc.magenta,
  'mark-dns': pc.blue,
  'mark-load': pc.dim,
  'mark-backend': pc.yellow,
};

/** A longer line is hard to read. */
const mostColumns = 100;

/** The columns of a line of text: those of the terminal, but 100 at most. A terminal that does not know its width says 0. */
export function lineWidth(columns = (process.stdout.isTTY && process.stdout.columns) || mostColumns): number {
  return Math.min(columns, mostColumns);
}

/** Splits a text into lines that leave `indent` columns of the terminal free. */
export function wrapped(text: string, indent: number, columns?: number): string[] {
  const width = lineWidth(columns) - indent;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** The text of a phrase, coloured by the roles of its parts. */
export function paint(phrase: Phrase): string {
  return phrase
    .map((span) => (typeof span === 'string' ? span : span.role === 'address' ? paintAddress(plainText(span.phrase)) : painters[span.role](paint(span.phrase))))
    .join('');
}

/** One colour for each backend. */
function paintAddress(address: string): string {
  const backend = backendOfAddress(address);
  return backend === null ? address : [pc.cyan, pc.yellow, pc.magenta][backend]?.(address) ?? address;
}
