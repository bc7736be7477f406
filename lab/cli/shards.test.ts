/** A plan, its shards and their merge as processes. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import type { Matrix } from '../report/matrix/matrix.ts';
import { planText, type Plan } from '../shards/plan.ts';
import { madeUpPlan } from '../testing/made-up-shards.ts';
import { describeWith, until } from '../testing/testing.ts';

interface Ended { status: number | null; stdout: string; stderr: string }

const program = [localRuntime.node, `${localRuntime.root}/lab/build/start.ts`] as const;

/** A folder, and the command `lab` in it. */
function inFolder(): { folder: string; lab: (...words: string[]) => Ended } {
  const folder = mkdtempSync(join(tmpdir(), 'shards-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  return {
    folder,
    lab: (...words) => {
      const { status, stdout, stderr } = spawnSync(program[0], [program[1], ...words], { cwd: folder, encoding: 'utf8' });
      return { status, stdout, stderr };
    },
  };
}

/** A matrix without what is a time: of the clock, or measured. */
function withoutTimes({ startedAt, machine, cells, ...rest }: Matrix): object {
  return {
    ...rest,
    hasStart: startedAt !== '',
    machine: { ...machine, 'its load': '', 'labs at a time': '' },
    cells: cells.map(({ outcomes, readings, ...cell }) => ({
      ...cell,
      outcomes: outcomes.map(({ medianMs, minMs, maxMs, directory, ...outcome }) => ({ ...outcome, isTimed: [medianMs, minMs, maxMs].map((time) => time !== null), directory: directory.replace(/\/.*/, '') })),
      readings: readings.map(({ delayMs, directory, ...reading }) => ({ ...reading, isTimed: delayMs !== null, directory: directory.replace(/\/.*/, '') })),
    })),
  };
}

const matrixIn = (folder: string): object => withoutTimes(JSON.parse(readFileSync(join(folder, 'matrix.json'), 'utf8')) as Matrix);
const linesOf = (file: string): { line: string; id?: string }[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as { line: string; id?: string }) : []);
const runsIn = (file: string): string[] => linesOf(file).filter(({ line }) => line === 'run').map(({ id }) => id ?? '');

const flags = ['--driver', 'netns', '--jobs', '1'];
const asked = ['--clients', 'curl,node-http', '--failures', 'first-refused,lookup-servfail', '--repeat', '1'];

describeWith(['netns', 'nft', 'curl'], 'a matrix in two shards', () => {
  test('one shard is killed by SIGKILL: the merge says so, a second try makes the rest, and all together is the matrix of one machine', { timeout: 240_000 }, async () => {
    const { folder, lab } = inFolder();
    expect(lab('matrix', ...flags, ...asked, '--results', 'whole')).toMatchObject({ status: 0, stderr: '' });
    const planned = lab('plan', 'matrix', '--driver', 'netns', ...asked, '--shards', '2');
    expect(planned).toMatchObject({ status: 0, stderr: expect.stringMatching(/^4 runs in 2 shards\. The plan is [0-9a-f]{16}, of commit /m) as string });
    writeFileSync(join(folder, 'plan.json'), planned.stdout);
    const shard = (number: number): string[] => ['matrix', ...flags, '--plan', 'plan.json', '--shard', `${number}/2`, '--out', 'shards'];
    expect(lab(...shard(1))).toMatchObject({ status: 0, stderr: '' });

    const file = join(folder, 'shards/2-of-2.a1.jsonl');
    const killed = spawn(program[0], [program[1], ...shard(2)], { cwd: folder, stdio: 'ignore' });
    const end = once(killed, 'exit');
    await until(() => (runsIn(file).length > 0 ? true : undefined), 'the first run of the shard');
    killed.kill('SIGKILL');
    expect(await end).toEqual([null, 'SIGKILL']);
    const before = runsIn(file);
    expect(before).toHaveLength(1);

    const files = (): string[] => readdirSync(join(folder, 'shards')).filter((name) => name.endsWith('.jsonl')).map((name) => `shards/${name}`);
    const cut = lab('merge', ...files(), '--out', 'merged', '--rerun', 'plan2.json');
    expect(cut).toMatchObject({ status: 4, stderr: '', stdout: expect.stringMatching(/INCOMPLETE {2}1 of the 4 runs of the plan [0-9a-f]{16} are missing[^]*1 run: no end line of shard 2\/2: it was cut after 1 of 2 runs/) as string });
    const rerun = JSON.parse(readFileSync(join(folder, 'plan2.json'), 'utf8')) as Plan;
    expect(rerun.runs).toMatchObject([{ shard: 1 }]);

    expect(lab(...shard(2))).toMatchObject({ status: 0, stderr: '' });
    const second = runsIn(join(folder, 'shards/2-of-2.a2.jsonl'));
    expect(second).toEqual(rerun.runs.map(({ id }) => id));
    expect(lab('merge', ...files(), '--out', 'merged')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/All 4 runs of the plan [0-9a-f]{16} were made\.\n$/) as string });
    expect(matrixIn(join(folder, 'merged'))).toEqual(matrixIn(join(folder, 'whole')));
    expect(existsSync(join(folder, 'merged/matrix.html'))).toBe(true);

    // The plan for what was missing makes the same: here, its run is there twice.
    expect(lab('matrix', ...flags, '--plan', 'plan2.json', '--shard', '1/1', '--out', 'again')).toMatchObject({ status: 0, stderr: '' });
    const first = files().filter((name) => !name.includes('.a2.'));
    expect(lab('merge', ...first, 'again/1-of-1.a1.jsonl', '--out', 'filled')).toMatchObject({ status: 0, stderr: '' });
    expect(matrixIn(join(folder, 'filled'))).toEqual(matrixIn(join(folder, 'whole')));
    expect(lab('merge', ...files(), 'again/1-of-1.a1.jsonl', '--out', 'filled')).toMatchObject({ status: 0, stdout: expect.stringContaining('1 runs were made more than once') as string });
  });

  test('a client that the plan has and this machine does not: a line, exit status 4, and the other runs are made', { timeout: 120_000 }, () => {
    const { folder, lab } = inFolder();
    const { stdout } = lab('plan', 'matrix', '--driver', 'netns', '--clients', 'curl', '--failures', 'first-refused', '--repeat', '1', '--shards', '1');
    const plan = JSON.parse(stdout) as Plan;
    // A name that no machine has.
    writeFileSync(join(folder, 'plan.json'), planText({ ...plan, clients: [...plan.clients, { name: 'telnet', version: '1' }], runs: [{ id: 'first-refused/telnet/1', shard: 1 }, ...plan.runs] }));
    expect(lab('matrix', ...flags, '--plan', 'plan.json', '--shard', '1/1', '--out', 'shards')).toMatchObject({ status: 4, stderr: '', stdout: expect.stringContaining('telnet was not found') as string });
    expect(linesOf(join(folder, 'shards/1-of-1.a1.jsonl')).map(({ line }) => line)).toEqual(['header', 'absent', 'run', 'end']);
    expect(lab('merge', 'shards/1-of-1.a1.jsonl')).toMatchObject({ status: 4, stdout: expect.stringMatching(/1 run: telnet was not found/) as string });
  });
});

test.each<[string, (plan: Plan) => Plan, string[], string]>([
  ['a shard that is not there', (plan) => plan, ['--shard', '3/2', '--out', 'x'], 'There is no shard 3/2: shards count from 1 to 2.'],
  ['no shard', (plan) => plan, ['--out', 'x'], 'Which of the 2 shards of the plan? Name it: --shard 1/2, or auto.'],
  ['no folder', (plan) => plan, ['--shard', '1/2'], 'Where do the results go? Name a folder: --out DIR.'],
  ['another command', (plan) => ({ ...plan, plan: 'matrix' }), ['--shard', '1/2', '--out', 'x'], 'plan.json is a plan for `matrix`, not for `soak`. Run it with: make matrix plan=plan.json'],
  ['another commit', (plan) => ({ ...plan, lab: '0.0.1', commit: null, lock: null }), ['--shard', '1/2', '--out', 'x'], 'The plan plan.json was made with another lab than this one: its version is 0.0.1, and here it is '],
  ['an option of the plan', (plan) => plan, ['--shard', '1/2', '--out', 'x', '--n', '3'], "error: option '--plan <file>' cannot be used with option '--n <times>'"],
])('a plan with %s is refused, and nothing is written', (_, change, words, message) => {
  const { folder, lab } = inFolder();
  writeFileSync(join(folder, 'plan.json'), planText(change({ ...madeUpPlan(), plan: 'soak', commit: null, lock: null })));
  expect(lab('soak', '--plan', 'plan.json', ...words)).toMatchObject({ status: 3, stdout: '', stderr: expect.stringContaining(message) as string });
  expect(readdirSync(folder)).toEqual(['plan.json']);
});

test('--shard without a plan is refused', () => {
  expect(inFolder().lab('soak', '--shard', '1/2')).toMatchObject({ status: 3, stderr: expect.stringContaining('--shard is about a plan, and no plan was named') as string });
});

test('a merge without files of shards', () => {
  const { folder, lab } = inFolder();
  expect(lab('merge', 'shards/*.jsonl')).toMatchObject({ status: 3, stderr: expect.stringMatching(/^lab: Expected shards\/\*\.jsonl to be a file of a shard/) as string });
  // Of a plan alone, everything is missing.
  writeFileSync(join(folder, 'plan.json'), planText({ ...madeUpPlan(), plan: 'soak', settings: { repeat: 2, run: { client: 'curl', set: [], expect: [], resolvConf: [] } } }));
  expect(lab('merge', 'plan.json', '--rerun', 'plan2.json')).toMatchObject({ status: 4, stdout: expect.stringContaining('4 runs: no file of shard 1/2') as string });
  expect(existsSync(join(folder, 'plan2.json'))).toBe(true);
});
