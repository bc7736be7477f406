/** The rows of `lab skew` on a terminal: a bar for each backend, the measures of skew, whether the model fits, and what explains the shares. */
import type { Skew } from '../analysis/skew.ts';
import { pc, wrapped } from '../vocabulary/terminal.ts';

/** The shares that a row is expected to have. */
export interface Expected {
  /** One for each backend. */
  shares: readonly number[];
  /** The same as fractions, or in words. */
  text: string;
  /** The row of the exact model (`lab explain-skew`), or `closed form`. */
  by: string;
  /** The rule that decides, by the model; null for a closed form. */
  decidedBy: string | null;
  /** Whether it says only how large the shares are, and not which backend has which. */
  inAnyOrder: boolean;
}

/** One cause with one resolver. `lab skew --json` prints these. */
export interface SkewRow {
  cause: string;
  resolver: string;
  client: string;
  /** How many of the requests that count each backend got. */
  requests: Record<string, number>;
  /** How many lookups the DNS server answered in the run. */
  lookups: number;
  /** How many requests of the run failed. */
  failed: number;
  skew: Skew;
  expected: Expected;
  /** Pearson's chi-squared test against the expected shares; null if nothing was measured. */
  fit: { p: number; fits: boolean } | null;
  /** What explains the shares, by the events of the run; null for none of the known mechanisms. */
  mechanism: { name: string; text: string } | null;
  /** The folder with the files of the run. */
  directory: string;
  /** Why the row could not be measured, or null. */
  trouble: string | null;
}

const barWidth = 5;
const barColumn = barWidth + 7;
const nameWidth = 13;

export function headLine(backends: readonly string[]): string {
  return pc.dim(`  ${'resolver'.padEnd(nameWidth)}${backends.map((name) => name.padEnd(barColumn)).join('')}lookups largest  Jain   chi² p`);
}

export function causeLines(name: string, title: string): string[] {
  return ['', ...wrapped(`${name} · ${title}`, 0).map((line, index) => (index === 0 ? line.replace(name, pc.bold(name)) : line))];
}

/** `isNew`: whether no row above this one has the same cause and the same mechanism. Then its evidence is told. */
export function rowLines(row: SkewRow, isNew: boolean): string[] {
  const { resolver, requests, lookups, skew, trouble, mechanism, fit, failed, expected } = row;
  const below = (text: string): string[] => wrapped(text, nameWidth + 2).map((each) => `${' '.repeat(nameWidth + 2)}${each}`);
  if (trouble !== null) return [`  ${resolver.padEnd(nameWidth)}${pc.yellow('not measured')}`, ...below(trouble)];
  const counts = Object.values(requests);
  const total = counts.reduce((sum, each) => sum + each, 0);
  const bars = counts.map((count) => `${bar(count / total)} ${`${Math.round((100 * count) / total)} %`.padStart(5)}`.padEnd(barColumn)).join('');
  const measures = `${String(lookups).padStart(7)}${number(skew.maxOverFair).padStart(8)}${number(skew.jainIndex).padStart(6)}${chance(skew.chi2p).padStart(9)}`;
  const expectation = `${fit?.fits ? 'fits' : 'does not fit'} ${expected.by === 'closed form' ? 'the closed form' : `the model of ${expected.by}`}: ${expected.text}${fit?.fits ? '' : ` (p ${chance(fit?.p ?? null)})`}`;
  const line = `${mechanism?.name ?? 'none of those known'} · ${expectation}${failed > 0 ? ` · ${failed} failed requests` : ''}`;
  const paint = (text: string): string => (fit?.fits && failed === 0 ? text : pc.yellow(text));
  return [`  ${resolver.padEnd(nameWidth)}${bars}${measures}`, ...below(line).map(paint), ...(isNew && mechanism ? below(mechanism.text).map((each) => pc.dim(each)) : [])];
}

export function footLines(results: string): string[] {
  const text = `lookups: those that the DNS server answered. largest: the largest share divided by the fair one. chi² p: the probability of a spread at least this uneven, if the true shares are equal. Below each row: what explains the shares, by the events of the run, and whether they fit what was expected. The evidence is told once for each cause; --json has it for each row. The files of each run: ${results}/skew-CAUSE/`;
  return wrapped(text, 2).map((line) => pc.dim(`  ${line}`));
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(share: number): string {
  const parts = Math.round(share * barWidth * 8);
  return `${'█'.repeat(Math.floor(parts / 8))}${eighths[parts % 8] ?? ''}`.padEnd(barWidth);
}

const number = (value: number | null): string => value?.toFixed(2) ?? '–';

function chance(p: number | null): string {
  return p === null ? '–' : p === 0 ? '0' : p < 0.001 ? p.toExponential(0) : p.toFixed(p < 0.1 ? 3 : 2);
}
