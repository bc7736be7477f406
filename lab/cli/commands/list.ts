/** `lab list`: the scenarios, one line each. */
import { scenarios } from '../../../scenarios/index.ts';
import { pc } from '../../vocabulary/terminal.ts';

export function listLines(): string[] {
  const width = Math.max(...Object.keys(scenarios).map((name) => name.length));
  return Object.entries(scenarios).map(([name, { title }]) => `  ${pc.bold(name.padEnd(width))}  ${title}`);
}
