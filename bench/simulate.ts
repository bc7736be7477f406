/** `lab simulate`: one simulated day with a rolling restart each hour, for 10^4, 10^5 and 10^6 clients. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../lab/vocabulary/project.ts';

/** What one run of the command took. */
interface Run {
  clients: number;
  dials: number;
  /** CPU time of the whole command. */
  cpuS: number;
  /** The most memory that the process had (VmHWM of proc(5), read every 20 ms). */
  peakMb: number;
}

/**
 * Measures the whole command. `cpuPerClient`: the CPU time for one more client, from 10^5 to 10^6 clients, divided by that from 10^4 to 10^5. It is 1 where the
 * cost is linear.
 */
export async function simulate(): Promise<object> {
  const runs: Run[] = [];
  // The first run of the command may have to build the program.
  await runOf(1_000);
  for (const clients of [10_000, 100_000, 1_000_000]) runs.push(await runOf(clients));
  const [small, middle, large] = runs as [Run, Run, Run];
  const perClient = (from: Run, to: Run): number => (to.cpuS - from.cpuS) / (to.clients - from.clients);
  return { runs, cpuPerClient: round(perClient(middle, large) / perClient(small, middle), 2) };
}

async function runOf(clients: number): Promise<Run> {
  process.stderr.write(`simulate: ${clients} clients\n`);
  const cpuBeforeS = cpuOfChildrenS();
  const child = spawn(join(projectRoot, 'bin/lab'), ['simulate', '--preset', 'rolling-restart', '--clients', String(clients), '--backends', '100', '--hours', '24', '--seed', '1', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let peakMb = 0;
  const look = setInterval(() => { peakMb = Math.max(peakMb, peakOf(child.pid ?? 0)); }, 20);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
  await once(child, 'close');
  clearInterval(look);
  if (child.exitCode !== 0) throw new Error(`Expected \`lab simulate\` to end with exit status 0, got ${String(child.exitCode)}.`);
  const { dials } = JSON.parse(output) as { dials: number };
  return { clients, dials, cpuS: round(cpuOfChildrenS() - cpuBeforeS, 2), peakMb: round(peakMb, 0) };
}

/** 0 when the process has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_000;
  } catch {
    return 0;
  }
}

/** User and system time of the children that have ended: fields 16 and 17 of proc(5), stat, in 1/100 s. */
function cpuOfChildrenS(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
