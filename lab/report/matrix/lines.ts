/** The matrix as tables for a terminal. Each group of failures has a table: one row for each client, one column for each failure. */
import { cellText } from './cell-text.ts';
import { cellAt, measuredClients, type Matrix } from './matrix.ts';

/** Returns the tables as lines. */
export function matrixLines(matrix: Matrix): string[] {
  return matrix.groups.flatMap(({ title, failures }) => {
    const rows = [[title, ...failures.map((failure) => failure.title)], ...measuredClients(matrix).map(({ name }) => [name, ...failures.map((failure) => textAt(matrix, name, failure.name))])];
    const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    return ['', ...rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd())];
  });
}

/** The text of a cell; `–` if it was not measured. */
export function textAt(matrix: Matrix, client: string, failure: string): string {
  const cell = cellAt(matrix, client, failure);
  return cell ? cellText(cell) : '–';
}
