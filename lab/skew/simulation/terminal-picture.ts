/** The course of a simulation as lines of a terminal. */
import { pc } from '../../vocabulary/terminal.ts';
import type { Outcome } from './outcome.ts';

const width = 64;
const height = 6;
const eighths = ' ▁▂▃▄▅▆▇█';
/** With more backends, a bar stands for several of them that follow each other. */
const mostBars = 20;

/** The load of the fullest backend over time: the most in each column. */
export function courseLines({ samples, parameters: { hours } }: Pick<Outcome, 'samples' | 'parameters'>): string[] {
  const columns = Array.from({ length: width }, (_, column) => {
    const [from, to] = [column, column + 1].map((each) => Math.floor((each * samples.length) / width)) as [number, number];
    return Math.max(...samples.slice(from, Math.max(to, from + 1)).flatMap(({ overFair }) => overFair));
  });
  const top = Math.max(...columns, 1);
  const rows = Array.from({ length: height }, (_, row) => {
    const floor = (height - 1 - row) * 8;
    const label = row === 0 ? top.toFixed(2) : row === height - 1 ? '0' : '';
    return `${label.padStart(6)} │${columns.map((value) => eighths[Math.max(0, Math.min(8, Math.round((value / top) * height * 8) - floor))] ?? ' ').join('')}`;
  });
  const marks = [0, 1, 2, 3, 4].map((quarter) => `${Number(((hours * quarter) / 4).toFixed(2))} h`);
  const axis = marks.reduce((line, mark, index) => line.padEnd(Math.min(Math.round((index * width) / 4), width - mark.length)) + mark, '');
  return [...rows, `${' '.repeat(8)}${pc.dim(axis)}`];
}

/** The load of each backend at the end, or of some neighbours together. */
export function barLines(end: readonly number[]): string[] {
  const bars = Math.min(end.length, mostBars);
  const groups = Array.from({ length: bars }, (_, bar) => {
    const [from, to] = [bar, bar + 1].map((each) => Math.floor((each * end.length) / bars)) as [number, number];
    const loads = end.slice(from, to);
    return { name: to - from === 1 ? `backend-${to}` : `backend-${from + 1} to ${to}`, load: loads.reduce((sum, load) => sum + load, 0) / loads.length };
  });
  const names = Math.max(...groups.map(({ name }) => name.length));
  const most = Math.max(...groups.map(({ load }) => load), 1);
  return groups.map(({ name, load }) => `${name.padEnd(names)}  ${load.toFixed(2).padStart(5)}  ${bar(load / most, 40)}`);
}

function bar(share: number, columns: number): string {
  const eighthsLong = Math.round(share * columns * 8);
  const partial = '▏▎▍▌▋▊▉'[(eighthsLong % 8) - 1] ?? '';
  return '█'.repeat(Math.floor(eighthsLong / 8)) + partial;
}
