/** `lab merge` of 10^5 runs in 16 shards. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assign } from '../lab/shards/assign.ts';
import { idOf, planHash, planText, runsOfShard, type Plan } from '../lab/shards/plan.ts';
import { lineText, shardFileName } from '../lab/shards/result-lines.ts';
import { failures } from '../scenarios/matrix/index.ts';
import { cpuOfChildrenMs, peakMbOf, rounded, temporaryFolder } from './measure.ts';
import type { Trees } from './trees.ts';

const shards = 16;
/** The runs are those of a matrix: each failure, many clients, and as many seeds as it takes. */
const clients = Array.from({ length: 50 }, (_, index) => `client-${index}`);
const wanted = 100_000;

/** Measures the whole command: its wall time, its CPU time, and the most memory that it had (VmHWM of proc(5), read every 10 ms). */
export async function merge({ now }: Trees): Promise<object> {
  using folder = temporaryFolder();
  const plan = bigPlan();
  const files = Array.from({ length: shards }, (_, index) => join(folder.path, shardFileName(index + 1, shards, 1)));
  writeFileSync(join(folder.path, 'plan.json'), planText(plan));
  for (const [index, file] of files.entries()) writeFileSync(file, shardText(plan, index + 1));
  const mergeOnce = async (): Promise<object> => {
    process.stderr.write(`merge: ${plan.runs.length} runs\n`);
    const [startMs, cpuBeforeMs] = [performance.now(), cpuOfChildrenMs()];
    const child = spawn(join(now, 'bin/lab'), ['merge', join(folder.path, 'plan.json'), ...files, '--out', join(folder.path, 'merged')], { stdio: ['ignore', 'ignore', 'inherit'], env: folder.environment });
    let peakMb = 0;
    const look = setInterval(() => { peakMb = Math.max(peakMb, peakMbOf(child.pid ?? 0)); }, 10);
    await once(child, 'close');
    clearInterval(look);
    if (child.exitCode !== 0) throw new Error(`Expected \`lab merge\` to end with exit status 0, got ${String(child.exitCode)}.`);
    return { wallMs: rounded(performance.now() - startMs, 0), cpuMs: rounded(cpuOfChildrenMs() - cpuBeforeMs, 0), peakMb: rounded(peakMb, 0) };
  };
  // The first run of the command may have to build the program.
  await mergeOnce();
  return { runs: plan.runs.length, shards, ...(await mergeOnce()) };
}

function bigPlan(): Plan {
  const names = Object.keys(failures);
  const seeds = Array.from({ length: Math.ceil(wanted / names.length / clients.length) }, (_, index) => String(index + 1));
  const ids = seeds.flatMap((seed) => names.flatMap((name) => clients.map((client) => idOf({ name, client, seed }))));
  const listed = clients.map((name) => ({ name, version: '1' }));
  return { plan: 'matrix', command: 'make matrix', lab: '0.1.0', commit: null, lock: null, shards, settings: { repeat: seeds.length, failures: names, patienceMs: 17_000 }, clients: listed, skipped: [], runs: assign(ids, shards) };
}

/** A file of a shard that came to its end. */
function shardText(plan: Plan, shard: number): string {
  const hash = planHash(plan);
  const own = runsOfShard(plan, shard);
  const kind = { system: 'Debian', kernel: '6.1', libc: 'glibc 2.36', driver: 'netns' };
  return [
    lineText({ line: 'header', plan: hash, root: hash, shard, shards, attempt: 1, startedAt: '2026-01-31T12:00:00.000Z', commit: null, host: `machine-${shard}`, kind, facts: { machine: '2 cores' }, clients: plan.clients }),
    ...own.map(({ id }, index) => lineText({ line: 'run', id, durationMs: 1_000, result: { outcome: 'answered', delayMs: 250 + (index % 100) / 10, remark: 'reused', directory: `matrix-first-silent/2026-01-31T12-00-00.${index}Z`, trouble: null } })),
    lineText({ line: 'end', planned: own.length, made: own.length, earlier: 0, absent: 0, facts: {} }),
  ].join('');
}
