/** The matrix as a Markdown page, docs/matrix.md: what it says on top, then tables that fit the page of a forge. */
import { printable } from '../../vocabulary/printable.ts';
import { versionsText, type Changes } from './changes.ts';
import { runsText } from './cell-text.ts';
import { textAt } from './lines.ts';
import { measuredClients, type Matrix, type MatrixFailure } from './matrix.ts';
import { clientsText, summariesOf } from './summary.ts';

/** A forge shows some 900 px of a table, and hides the columns after that behind a scroll bar. So many failures fit beside the names of the clients. */
const mostColumns = 3;
/** No browser breaks a word, so the longest words of all columns stand side by side. So many characters of them fit. */
const mostCharacters = 100;

/** Returns the text of the page. `changes`: what is not as an older page had it. */
export function matrixDocument(matrix: Matrix, changes: Changes | null = null): string {
  const { startedAt, command, machine, repeat, patienceMs, clients, groups } = matrix;
  const missing = clients.length - measuredClients(matrix).length;
  return `# The matrix

This page shows what each client did in each failure, as \`${command}\` measured it on ${startedAt.slice(0, 10)}. The command wrote the page; no number in it was typed by hand.

${Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`).join('\n')}
- runs for each cell: ${runsText(repeat)}

If a cell has no word before its time, the caller got its answer. \`no answer in ${patienceMs / 1_000} s\` means that the caller was still waiting when the lab ended the wait.
A request that is \`reused\` was sent on the kept connection, and one that is \`dialled\` on a new one. Every client runs with the defaults of its library, unless options stand behind its name: nothing else was configured.

\`make matrix\` measures the clients of your machine, and writes the same as a page with colours, \`results/matrix.html\`. There each cell opens
the timeline of its run.

## In short

Clients that did the same stand together, with the least and the greatest of their times.
${summariesOf(matrix)
  .map(({ failure, answers }) => `\n**${text(failure.question)}**\n\n${answers.map((answer) => `- ${text(answer.what)}: ${clientsText(answer, code, text)}`).join('\n')}\n`)
  .join('')}${changes === null ? '' : changesText(changes)}${groups.map(({ title, failures }) => `\n## ${text(title)}\n${balanced(matrix, failures).map((some) => table(matrix, some)).join('')}`).join('')}
## Clients

| client | version |
| --- | --- |
${clients.map(({ name, version, reason }) => `| ${code(name)} | ${text(version ?? `not found: ${reason ?? ''}`)} |`).join('\n')}
${missing > 0 ? `\nThe tables do not show the clients that were not found: ${missing}.\n` : ''}`;
}

/** A change of a cell is news for whoever upgrades a client. */
function changesText({ since, list }: Changes): string {
  if (list.length === 0) return `\n## Changed since ${since.slice(0, 10)}\n\nNo cell has changed.\n`;
  return `\n## Changed since ${since.slice(0, 10)}\n\n${list.map((change) => `- ${code(change.client)}${text(versionsText(change))}, ${text(change.failure.title)}: ${text(change.before)} → ${text(change.after)}`).join('\n')}\n`;
}

/** One table, and what the time in its columns measures. */
function table(matrix: Matrix, failures: readonly MatrixFailure[]): string {
  const [head = [], ...rows] = cellsOf(matrix, failures);
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return `\n${failures.map(({ title, measures }) => `- ${text(title)}: ${text(measures)}`).join('\n')}\n\n${lines.join('\n')}\n`;
}

/** The heading of a table, and a row for each client. */
function cellsOf(matrix: Matrix, failures: readonly MatrixFailure[]): string[][] {
  const rows = measuredClients(matrix).map(({ name }) => [code(name), ...failures.map((failure) => text(textAt(matrix, name, failure.name)))]);
  return [['client', ...failures.map(({ title }) => text(title))], ...rows];
}

/** Parts of nearly the same length, none wider than a table may be. */
function balanced(matrix: Matrix, failures: readonly MatrixFailure[]): MatrixFailure[][] {
  for (let length = mostColumns; ; length--) {
    const parts = Math.ceil(failures.length / length);
    const each = Math.ceil(failures.length / parts);
    const split = Array.from({ length: parts }, (_, part) => failures.slice(part * each, (part + 1) * each));
    if (length === 1 || split.every((some) => widthOf(cellsOf(matrix, some)) <= mostCharacters)) return split;
  }
}

/** The characters of the longest word of each column. */
function widthOf(cells: readonly (readonly string[])[]): number {
  const longest = (column: number): number => Math.max(...cells.flatMap((row) => (row[column] ?? '').split(/\s+/)).map((word) => word.length));
  return (cells[0] ?? []).reduce((sum, _, column) => sum + longest(column), 0);
}

/** Errors and versions come from programs, and a client may be any command. None of them may become markup, or end its cell. */
function text(plain: string): string {
  return plain.replace(/[\\`*[\]<>|~&]|(?<!\w)_|_(?!\w)/g, '\\$&');
}

/** A bar would end the cell of the table also within code. */
function code(name: string): string {
  return `\`${printable(name).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}
