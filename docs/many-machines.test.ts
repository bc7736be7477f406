/** Runs what docs/many-machines.md shows, with engines that there are here: GNU parallel, and a replicated job of a swarm. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../lab/testing/testing.ts';

const page = readFileSync('docs/many-machines.md', 'utf8');

/** A folder with a plan of three runs in two shards. */
function planned(): { folder: string; run: (command: string) => SpawnSyncReturns<string> } {
  const folder = mkdtempSync(join(tmpdir(), 'many-machines-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  const run = (command: string): SpawnSyncReturns<string> => spawnSync('bash', ['-c', command], { encoding: 'utf8', maxBuffer: 1e8 });
  const { status, stdout, stderr } = run('bin/lab plan soak --n 3 --only baseline --shards 2');
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('3 runs in 2 shards.') as string });
  writeFileSync(join(folder, 'plan.json'), stdout);
  return { folder, run };
}

const shardFiles = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort();

describeWith(['netns', 'parallel'], 'GNU parallel', () => {
  test('the line of the page makes all shards', { timeout: 120_000 }, () => {
    const { folder, run } = planned();
    const [line = ''] = /^seq 16 \| parallel .*$/m.exec(page) ?? [];
    // In the page, 16 shards of a matrix.
    const command = line.replace('seq 16', 'seq 2').replace('/16', '/2').replace('matrix', 'soak --burners 0').replace('plan.json', `${folder}/plan.json`).replace('--out shards', `--out ${folder}/shards`);
    expect(run(command)).toMatchObject({ status: 0, stderr: '' });
    expect(shardFiles(join(folder, 'shards'))).toEqual(['1-of-2.a1.jsonl', '2-of-2.a1.jsonl']);
    expect(run(`bin/lab merge ${folder}/shards/*.jsonl --out ${folder}/merged`)).toMatchObject({ status: 0, stdout: expect.stringContaining('1 of 1 scenarios passed 3 of 3 times') as string });
  });
});

describeWith(['netns', 'swarm'], 'a replicated job of a swarm', () => {
  test('swarm.sh makes all shards, and the task that the swarm counts as 0 makes the first one', { timeout: 240_000 }, () => {
    const { folder, run } = planned();
    onTestFinished(() => { run('docker service ls --quiet --filter label=failover-lab.shards | xargs --no-run-if-empty docker service rm'); });
    const made = run(`timeout 200 docs/many-machines/swarm.sh 2 "$BASE_IMAGE" ${folder} soak`);
    expect({ status: made.status, ...(made.status !== 0 && { stderr: made.stderr, logs: run('for each in $(docker service ls --quiet --filter label=failover-lab.shards); do docker service logs $each; docker service ps $each --no-trunc; done').stdout }) }).toEqual({ status: 0 });
    expect(shardFiles(join(folder, 'shards'))).toEqual(['1-of-2.a1.jsonl', '2-of-2.a1.jsonl']);
    const { status, stdout } = run(`bin/lab merge ${folder}/shards/*.jsonl --out ${folder}/merged`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/1 of 1 scenarios passed 3 of 3 times[^]*All 3 runs of the plan [0-9a-f]{16} were made\./) as string });
  });
});

describe('the files of the page', () => {
  const files = [...page.matchAll(/\]\(many-machines\/([\w.]+)\)/g)].map(([, file = '']) => file).sort();

  test('are those of the folder', () => { expect(files).toEqual(readdirSync('docs/many-machines').sort()); });

  test.each(files.map((file) => [file, readFileSync(`docs/many-machines/${file}`, 'utf8')] as const))('%s starts as many jobs as its plan has shards', (file, text) => {
    const count = { 'github.yaml': () => [/--shards 16 /, /shard: \[1, .*, 16\]/, /\/16 /], 'gitlab.yaml': () => [/--shards 16 /, /parallel: 16 /], 'kubernetes.yaml': () => [/completions: 16 /, /parallelism: 16\n/], 'slurm.sh': () => [/--array=1-16\n/], 'swarm.sh': () => [/--replicas "\$shards"/] }[file];
    for (const part of count?.() ?? [/a file without a check/]) expect(text).toMatch(part);
  });

  test('the scripts are scripts of sh', () => {
    for (const file of files.filter((name) => name.endsWith('.sh'))) expect(spawnSync('sh', ['-n', `docs/many-machines/${file}`]).status).toBe(0);
  });
});
