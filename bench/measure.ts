/** What the benchmarks share: repeated measurements, and the CPU time of the commands that they run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nowMs } from '../lab/vocabulary/events.ts';
import { median } from '../lab/analysis/median.ts';

/** How many times each thing is measured. BENCH_RUNS sets another number. */
export const runs = Number(process.env['BENCH_RUNS'] ?? 15);

export interface Spread {
  medianMs: number;
  minMs: number;
  maxMs: number;
  runs: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { medianMs: rounded(median(values)), minMs: rounded(Math.min(...values)), maxMs: rounded(Math.max(...values)), runs: values.length };
}

/** Measures `times` times. `title` is shown on stderr, with a dot for each time. */
export async function repeat(title: string, measure: () => Promise<number>, times = runs): Promise<Spread> {
  process.stderr.write(`${title} `);
  const values: number[] = [];
  for (let run = 0; run < times; run++) {
    values.push(await measure());
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return spreadOf(values);
}

/** Rounds to so many digits after the point; NaN for a value that is missing. */
export function rounded(value: number | null, digits = 1): number {
  return Math.round((value ?? NaN) * 10 ** digits) / 10 ** digits;
}

/** A folder that is the working folder and the folder for temporary files of what is measured: so nothing is left, and a lab that somebody keeps up is not touched. */
export function temporaryFolder(): { path: string; environment: NodeJS.ProcessEnv } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'bench-'));
  const environment = { ...process.env, TMPDIR: path, XDG_RUNTIME_DIR: undefined };
  return { path, environment, [Symbol.dispose]: () => { rmSync(path, { recursive: true, force: true }); } };
}

/** What a command took. */
export interface Took {
  status: number | null;
  wallMs: number;
  /** CPU time of the command and of all processes that it has waited for, in steps of 10 ms. Sums over many commands are exact. */
  cpuMs: number;
}

/** Runs a command to its end. @throws {Error} when it ends with an exit status that was not expected. */
export function took(argv: readonly string[], expected: readonly (number | null)[] = [0]): Took {
  using folder = temporaryFolder();
  const [startMs, startCpuMs] = [nowMs(), cpuOfChildrenMs()];
  const { status, stderr } = spawnSync(argv[0] ?? '', argv.slice(1), { cwd: folder.path, env: folder.environment, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const measured = { status, wallMs: nowMs() - startMs, cpuMs: cpuOfChildrenMs() - startCpuMs };
  if (!expected.includes(status)) throw new Error(`\`${argv.join(' ')}\` ended with exit status ${String(status)}, expected ${expected.join(' or ')}. Run it by hand to see why. It wrote: ${stderr.slice(-500)}`);
  return measured;
}

/**
 * CPU time of all child processes that have ended, and of those that they have waited for (proc(5), cutime and cstime of /proc/self/stat). Every process
 * of a lab is waited for, also when it is killed: for one run a cgroup of its own (cpuacct.usage) counted 803 ms, and this 802 ms.
 */
export function cpuOfChildrenMs(): number {
  return ticksMs('self', 13, 14);
}

/** CPU time of a process. */
export function cpuOfMs(pid: number): number {
  return ticksMs(String(pid), 11, 12);
}

/** The fields after the name of the program, which may hold spaces, are counted from 0. A tick is 10 ms (time(7), USER_HZ). */
function ticksMs(process: string, ...fields: number[]): number {
  const values = readFileSync(`/proc/${process}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return fields.reduce((sum, field) => sum + Number(values[field]) * 10, 0);
}

/** The most memory that a process has had, in MB (VmHWM of proc(5)); 0 when it has ended. */
export function peakMbOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_000;
  } catch {
    return 0;
  }
}
