/** The outcome of a simulation, as lines of a terminal. */
import { pc } from '../../vocabulary/terminal.ts';
import type { Figures, Formula, Spread } from './figures.ts';
import type { Outcome } from './outcome.ts';
import { parameters as table, poolOf, type Parameters } from './parameters.ts';
import { causes, remedies, type Preset } from './presets.ts';
import { barLines, courseLines } from './terminal-picture.ts';
import { kebabCase } from '../../vocabulary/options.ts';

export function listLines(): string[] {
  const width = Math.max(...[causes, remedies].flatMap(Object.keys).map((name) => name.length));
  const lines = (presets: Readonly<Record<string, { title: string }>>): string[] => Object.entries(presets).map(([name, { title }]) => `  ${pc.bold(name.padEnd(width))}  ${title}`);
  return [
    'Causes (lab simulate --preset NAME):',
    ...lines(causes),
    ...lines({ supermarket: { title: 'another question: how long do requests wait, if each joins the shorter of two random queues?' } }),
    '',
    'Remedies (lab simulate --preset NAME --remedy NAME, or --remedy all):',
    ...lines(remedies),
  ];
}

/** What was simulated: the title of the preset, and the parameters that differ from their defaults. */
export function headLines(preset: string | null, { parameters, seeds }: Outcome, seed: number): string[] {
  const { clients, backends, hours } = parameters;
  const title = preset === null ? 'no preset' : (causes as Record<string, Preset>)[preset]?.title ?? '';
  const shown = new Set(['clients', 'backends', 'hours']);
  const changed = (Object.keys(table) as (keyof Parameters)[]).filter((key) => !shown.has(key) && parameters[key] !== table[key].default);
  return [
    `${pc.bold(preset ?? 'simulation')} · ${title}`,
    `${clients.toLocaleString('en')} clients · ${backends} backends · ${hours} h · seed ${seed}${seeds === null ? '' : ` to ${seed + seeds.count - 1}`}`,
    pc.dim(changed.map((key) => `--${kebabCase(key)} ${wordOf(parameters[key])}`).join(' ')),
  ].filter((line) => line !== '');
}

function wordOf(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}

export function outcomeLines(outcome: Outcome): string[] {
  const { peakOverFair, peakAtS, startOverFair, endOverFair, endLeastOverFair, endJainIndex, endChi2p, evenAtShare, dials, unanswered, seeds, churn, parameters } = outcome;
  const { clients } = parameters;
  const kept = clients * poolOf(parameters);
  return [
    ...(isSteady(outcome) ? [] : ['  The fullest backend: its load divided by the fair load. 1 is even.', '', ...courseLines(outcome), '']),
    '  Each backend at the end: its load divided by the fair load.',
    '',
    ...barLines(outcome.end).map((line) => `  ${line}`),
    '',
    `  peak over fair     ${peakOverFair.toFixed(2)}${isSteady(outcome) ? ', all the time' : ` at ${timeText(peakAtS)}; ${startOverFair.toFixed(2)} at the start, ${endOverFair.toFixed(2)} at the end`}`,
    `  emptiest backend   ${endLeastOverFair.toFixed(2)} at the end`,
    `  Jain's index       ${endJainIndex?.toFixed(2) ?? '–'} at the end${endChi2p === null ? '' : `; chi-squared p ${chanceText(endChi2p)}`}`,
    ...(evenAtShare === null ? [] : [`  time to even out   ${evenOutText(outcome)}`, `  by the formula     ${formulaText(outcome.formula)}`]),
    `  connections        ${kept.toLocaleString('en')} at a time, ${dials.toLocaleString('en')} dialled${unanswered > 0 ? `; ${unanswered.toLocaleString('en')} dials met no backend that accepts` : ''}`,
    ...(churn === null ? [] : [`  if a backend goes  ${churn.mean.toFixed(2)} of the ${poolOf(parameters)} backends of a client change on average, ${churn.most} at most`]),
    ...(seeds === null ? [] : ['', ...spreadLines(seeds, evenAtShare !== null)]),
  ];
}

/** Whether the load stays as it is, so that there is no course to show. */
function isSteady({ samples }: Outcome): boolean {
  const first = JSON.stringify(samples[0]?.overFair);
  return samples.every(({ overFair }) => JSON.stringify(overFair) === first);
}

function spreadLines({ count, evenedOut, peakOverFair, endOverFair, evenOutS }: NonNullable<Outcome['seeds']>, isDisturbed: boolean): string[] {
  const row = (name: string, spread: Spread | null, text: (value: number) => string): string =>
    `  ${name.padEnd(18)} ${spread === null ? 'never' : (['mean', 'min', 'p10', 'median', 'p90', 'max'] as const).map((key) => text(spread[key]).padStart(8)).join('')}`;
  return [
    `  ${`${count} seeds`.padEnd(18)} ${['mean', 'min', 'p10', 'median', 'p90', 'max'].map((word) => word.padStart(8)).join('')}`,
    row('peak over fair', peakOverFair, (value) => value.toFixed(2)),
    row('at the end', endOverFair, (value) => value.toFixed(2)),
    ...(isDisturbed ? [row('time to even out', evenOutS, minutes)] : []),
    ...(evenedOut === count || !isDisturbed ? [] : [`  The load evened out with ${evenedOut} of ${count} seeds.`]),
  ];
}

/** One line for each remedy. Below them the courses, where there is one remedy only. */
export function comparisonLines(without: Outcome, remedied: readonly ({ name: string } & Outcome)[]): string[] {
  const rows = [{ name: 'no remedy', ...without }, ...remedied];
  const cells = rows.map((row) => [row.name, row.peakOverFair.toFixed(2), row.endOverFair.toFixed(2), row.endLeastOverFair.toFixed(2), row.evenAtShare === null ? '–' : row.evenOutS === null ? 'never' : minutes(row.evenOutS), formulaText(row.formula)]);
  const head = ['', 'peak', 'end', 'least', 'even after', 'by the formula'];
  const widths = head.map((word, column) => Math.max(word.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => `  ${row.map((cell, column) => (column === 0 || column === row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd();
  const courses = remedied.length > 1 || rows.every(isSteady) ? [] : rows.flatMap((row) => [`  ${row.name}: the fullest backend, its load divided by the fair load`, '', ...courseLines(row), '']);
  return [
    ...courses,
    line(head),
    ...cells.map(line),
    '',
    '  peak, end: the load of the fullest backend divided by the fair load. least: that of the emptiest one at the end.',
    '  even after: the time from the last restart or failure until, for good, a tenth of the excess over the start is left, or no more than chance makes.',
  ];
}

/** A spread as uneven as this one has this probability, if all backends have the same chance. */
function chanceText(p: number): string {
  return p < 0.001 ? 'below 0.001: chance does not make this' : `${p.toFixed(2)}: chance alone makes as much in ${Math.round(100 * p)} of 100 cases`;
}

function evenOutText({ evenOutS }: Figures): string {
  if (evenOutS === null) return 'the load did not even out within the simulated time';
  return evenOutS === 0 ? 'at once' : `${minutes(evenOutS)} after the last restart, start or failure`;
}

function formulaText(formula: Formula | null): string {
  if (formula === null) return '–';
  const { text, fromS, toS } = formula;
  if (toS === 0 || toS === Infinity) return text;
  return `${fromS === toS ? minutes(toS) : `${minutes(fromS).replace(' min', '')} to ${minutes(toS)}`}: ${text}`;
}

function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(1)} min`;
}

/** `1:05:09` */
function timeText(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
