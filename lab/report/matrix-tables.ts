/** The matrix as text for a terminal and as a Markdown page. Each group of failures has a table: one row for each client, one column for each failure. */
import type { Cell } from '../analysis/cells.ts';

export interface MatrixGroup {
  title: string;
  failures: { name: string; title: string; measures: string }[];
}

export interface Matrix {
  startedAt: string;
  command: string;
  machine: Record<string, string>;
  repeat: number;
  patienceMs: number;
  clients: { name: string; version: string | null; reason?: string }[];
  groups: MatrixGroup[];
  cells: Cell[];
}

/** Returns the text of a cell: `251 ms ±1, first aborted` has the median and half of the spread. `?` stands for a run that showed nothing. */
export function cellText({ outcomes, unknown }: Cell): string {
  const parts = outcomes.map(({ outcome, count, medianMs, minMs, maxMs, remarks }) => {
    const spreadMs = ((maxMs ?? 0) - (minMs ?? 0)) / 2;
    const time = medianMs === null ? null : `${durationText(medianMs)}${spreadMs >= spreadWorthTellingMs ? ` ±${durationText(spreadMs)}` : ''}`;
    const words = [...(outcome === 'answered' ? [] : [shortened(outcome)]), ...(time === null ? [] : [time]), ...remarks];
    return `${outcomes.length > 1 ? `${count}× ` : ''}${words.join(', ') || outcome}`;
  });
  return [...parts, ...(unknown > 0 ? [`${unknown}× ?`] : [])].join('; ') || '–';
}

/** A smaller spread comes from the scheduler and says nothing about the client. */
const spreadWorthTellingMs = 1;

function shortened(outcome: string): string {
  const text = outcome.replaceAll('|', '/');
  return text.length > longestOutcome ? `${text.slice(0, longestOutcome - 1)}…` : text;
}

const longestOutcome = 32;

function durationText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** Returns the tables for a terminal, as lines. */
export function matrixLines({ groups, clients, cells }: Matrix): string[] {
  return groups.flatMap(({ title, failures }) => {
    const rows = [[title, ...failures.map((failure) => failure.title)], ...rowsOf(clients, failures, cells, cellText)];
    const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    return ['', ...rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd())];
  });
}

/** Returns the text of docs/matrix.md. `linkOf` makes the link to the folder of a run. */
export function matrixPage(matrix: Matrix, linkOf: (directory: string) => string): string {
  const { startedAt, command, machine, repeat, patienceMs, clients, groups, cells } = matrix;
  const missing = clients.filter(({ version }) => version === null);
  return `# The matrix

This page shows what each client did in each failure, as \`${command}\` measured it on ${startedAt.slice(0, 10)}. The command wrote the page; no number in it was typed by hand.

${Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`).join('\n')}
- runs for each cell: ${repeat}. A cell shows their median, and half of their spread if that is a millisecond or more

If a cell has no word before its time, the caller got its answer. \`no answer\` means that the caller was still waiting after ${durationText(patienceMs)}.
Every client runs with the defaults of its library: no timeout and no retry was configured. Each cell links to the files of one run. The
command writes them to \`results/\` in the folder in which it runs.
${groups
  .map(({ title, failures }) => {
    const header = [title, ...failures.map((failure) => failure.title)];
    const rows = rowsOf(clients, failures, cells, (cell) => `[${cellText(cell)}](${linkOf(cell.readings[0]?.directory ?? '')})`);
    const table = [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
    return `\n## ${title}\n\n${failures.map((failure) => `- ${failure.title}: ${failure.measures}`).join('\n')}\n\n${table}\n`;
  })
  .join('')}
## Clients

| client | version |
| --- | --- |
${clients.map(({ name, version, reason }) => `| \`${name}\` | ${version ?? `not found: ${reason ?? ''}`} |`).join('\n')}
${missing.length > 0 ? `\nThe tables do not show the clients that were not found: ${missing.length}.\n` : ''}`;
}

function rowsOf(clients: Matrix['clients'], failures: MatrixGroup['failures'], cells: readonly Cell[], show: (cell: Cell) => string): string[][] {
  return clients
    .filter(({ version }) => version !== null)
    .map(({ name }) => [
      name,
      ...failures.map((failure) => {
        const cell = cells.find((each) => each.client === name && each.failure === failure.name);
        return cell ? show(cell) : '–';
      }),
    ]);
}
