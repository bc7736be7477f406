/** The memory of a lab that is up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rounded, temporaryFolder } from './measure.ts';
import type { Trees } from './trees.ts';

/** A lab has seven Node processes besides the client's. */
const processes = 7;

/**
 * Measures `lab up`: the sum of the PSS of all its processes, where a page that several processes share counts once (proc(5), smaps_rollup). The same
 * for seven Node processes that do nothing.
 */
export async function memory({ now, before }: Trees): Promise<object> {
  process.stderr.write('memory\n');
  const bare = await pssMiB(Array.from({ length: processes }, () => [process.execPath, '--eval', "console.log('is up'); setInterval(() => {}, 1e6)"]));
  const labIn = (tree: string): Promise<Map<string, number>> => pssMiB([[join(tree, 'bin/lab'), 'up', '--driver', 'netns']]);
  const lab = await labIn(now);
  const figures = { pssMiB: sum(lab), sevenNodesMiB: sum(bare), overSevenNodes: rounded(sum(lab) / sum(bare), 2), byProgramMiB: Object.fromEntries(lab) };
  if (before === null) return figures;
  const earlier = await labIn(before);
  return { ...figures, beforePssMiB: sum(earlier), overBefore: rounded(sum(lab) / sum(earlier), 2) };
}

function sum(byProgram: ReadonlyMap<string, number>): number {
  return rounded([...byProgram.values()].reduce((all, each) => all + each, 0));
}

/** Starts the commands, waits until each has said that it is up, and adds up the PSS of them and their descendants, for each program. */
async function pssMiB(commands: readonly string[][]): Promise<Map<string, number>> {
  using folder = temporaryFolder();
  const children = commands.map(([file = '', ...args]) => spawn(file, args, { cwd: folder.path, env: folder.environment, stdio: ['ignore', 'pipe', 'inherit'] }));
  const ends = children.map((child) => once(child, 'close'));
  try {
    await Promise.all(children.map((child) => new Promise<void>((resolve, reject) => {
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => { if ((output += text).includes('is up')) resolve(); });
      child.once('close', () => { reject(new Error(`Expected \`${child.spawnargs.join(' ')}\` to come up, but it ended. It wrote: ${output}`)); });
    })));
    const byProgram = new Map<string, number>();
    for (const pid of descendants(children.map(({ pid }) => pid ?? 0))) byProgram.set(programOf(pid), rounded((byProgram.get(programOf(pid)) ?? 0) + pssOf(pid)));
    return byProgram;
  } finally {
    for (const child of children) child.kill('SIGINT');
    await Promise.all(ends);
  }
}

/** The processes and all that they have started, also in other namespaces. */
function descendants(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(readOf(pid, 'status'))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [...roots];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readOf(pid, 'smaps_rollup'))?.[1] ?? 0) / 1_024;
}

/** `services/dns/main` for a program of this project, and otherwise the name of the command. */
function programOf(pid: number): string {
  const words = readOf(pid, 'cmdline').split('\0');
  return words.map((word) => /((?:lab|services|client)\/[\w-]+\/?[\w-]*)\.(?:ts|mjs|cjs)$/.exec(word)?.[1]).find((path) => path !== undefined) ?? (words[0] ?? '').replace(/^.*\//, '');
}

/** Empty for a process that has just ended. */
function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
