/** `lab simulate`: one simulated day with a rolling restart each hour, for 10^4, 10^5 and 10^6 clients. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cpuOfChildrenMs, peakMbOf, rounded } from './measure.ts';
import type { Trees } from './trees.ts';

/** What one run of the command took. */
interface Run {
  clients: number;
  dials: number;
  /** CPU time of the whole command. */
  cpuMs: number;
  /** The most memory that the process had (VmHWM of proc(5), read every 20 ms). */
  peakMb: number;
}

/**
 * Measures the whole command. `cpuPerClient`: the CPU time for one more client, from 10^5 to 10^6 clients, divided by that from 10^4 to 10^5. It is 1 where the
 * cost is linear.
 */
export async function simulate({ now }: Trees): Promise<object> {
  const runs: Run[] = [];
  // The first run of the command may have to build the program.
  await runOf(now, 1_000);
  for (const clients of [10_000, 100_000, 1_000_000]) runs.push(await runOf(now, clients));
  const [small, middle, large] = runs as [Run, Run, Run];
  const perClient = (from: Run, to: Run): number => (to.cpuMs - from.cpuMs) / (to.clients - from.clients);
  return { runs, cpuPerClient: rounded(perClient(middle, large) / perClient(small, middle), 2) };
}

async function runOf(tree: string, clients: number): Promise<Run> {
  process.stderr.write(`simulate: ${clients} clients\n`);
  const cpuBeforeMs = cpuOfChildrenMs();
  const child = spawn(join(tree, 'bin/lab'), ['simulate', '--preset', 'rolling-restart', '--clients', String(clients), '--backends', '100', '--hours', '24', '--seed', '1', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let peakMb = 0;
  const look = setInterval(() => { peakMb = Math.max(peakMb, peakMbOf(child.pid ?? 0)); }, 20);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
  await once(child, 'close');
  clearInterval(look);
  if (child.exitCode !== 0) throw new Error(`Expected \`lab simulate\` to end with exit status 0, got ${String(child.exitCode)}.`);
  const { dials } = JSON.parse(output) as { dials: number };
  return { clients, dials, cpuMs: rounded(cpuOfChildrenMs() - cpuBeforeMs), peakMb: rounded(peakMb, 0) };
}
