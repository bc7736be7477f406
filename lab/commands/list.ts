/** The scenarios, one line each. */
import pc from 'picocolors';
import { scenarios } from '../../scenarios/index.ts';

export function list(write: (line: string) => void = console.log): void {
  const width = Math.max(...Object.keys(scenarios).map((name) => name.length));
  for (const [name, { title }] of Object.entries(scenarios)) write(`  ${pc.bold(name.padEnd(width))}  ${title}`);
}
