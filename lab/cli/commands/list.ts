/** `lab list`: the scenarios, one line each, and then the failures of the matrix, which run by their names, too. */
import { otherFailures, scenarios } from '../../../scenarios/index.ts';
import type { Scenario } from '../../run/scenario.ts';
import { pc } from '../../vocabulary/terminal.ts';

export function listLines(): string[] {
  const width = Math.max(...[scenarios, otherFailures].flatMap(Object.keys).map((name) => name.length));
  const lines = (table: Readonly<Record<string, Scenario>>): string[] => Object.entries(table).map(([name, { title }]) => `  ${pc.bold(name.padEnd(width))}  ${title}`);
  return [...lines(scenarios), '', 'Failures of the matrix (`lab matrix` measures all of them; each one also runs by its name):', ...lines(otherFailures)];
}
