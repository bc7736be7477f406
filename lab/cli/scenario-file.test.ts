/** A scenario in a file of somebody's repository. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { describeWith } from '../testing/testing.ts';
import { candidates, completionScript } from './completion.ts';
import { Command } from 'commander';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scenario-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
});

const write = (name: string, text: string): void => { writeFileSync(join(folder, name), text); };

function lab(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(localRuntime.root, 'bin/lab'), words, { cwd: folder, encoding: 'utf8', env: { ...process.env, GITHUB_STEP_SUMMARY: '' } });
  return { status, stdout, stderr };
}

const body = `{ title: 'mine', teaches: 'it', predict: 'what?', explains: 'because', sources: [], run: async ({ client }) => await client.get(),
  checks: ({ data, findings }) => [check('answered', data.ok, findings.requests.ok)] }`;
const typescript = `import { check, defineScenario, type Scenario } from 'failover-lab';\nimport { closedTo } from 'failover-lab/scenarios';\nimport { faults } from 'failover-lab/faults';
const used: unknown = [closedTo, faults];\nexport default defineScenario(${body}) satisfies Scenario<{ ok: boolean }>;\n`;

describeWith('netns', 'a scenario in a file runs', () => {
  test.for([
    ['mine.scenario.ts', typescript, 'module'],
    // `npm init` writes this type, and people write `import` all the same.
    ['mine.scenario.ts', typescript, 'commonjs'],
    ['mine.js', `import { check, defineScenario } from 'failover-lab';\nexport const mine = defineScenario(${body});\n`, 'commonjs'],
    ['mine.cjs', `const { check, defineScenario } = require('failover-lab');\nmodule.exports = defineScenario(${body});\n`, 'module'],
  ] as const)('%s, in a package of type $2', ([name, text, type]) => {
    write('package.json', JSON.stringify({ type }));
    write(name, text);
    const ran = lab('run', `./${name}`, '--results', 'out/of/it');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain(`why: bin/lab explain ./${name}`);
    expect(ran.stdout).toContain('PASS  mine');
    const [time = ''] = readdirSync(join(folder, 'out/of/it/mine'));
    expect(readdirSync(join(folder, 'out/of/it/mine', time)).sort()).toEqual(['events.ndjson', 'journal.json', 'timeline.html', 'wire.pcapng']);
    expect(lab('explain', name).stdout).toContain('mine');
  });

  test('init writes a scenario that passes, and does not overwrite it', () => {
    expect(lab('init')).toMatchObject({ status: 0, stderr: '' });
    const job = readFileSync(join(folder, '.github/workflows/failover.yml'), 'utf8');
    const [, words = ''] = /npx lab (run .*)/.exec(job) ?? [];
    const ran = lab(...words.split(' '));
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(folder, 'results/failover.xml'), 'utf8')).toContain('failures="0" errors="0"');
    writeFileSync(join(folder, 'failover/first.scenario.ts'), 'mine');
    expect(lab('init').stdout).toContain('failover/first.scenario.ts is there already; it stays as it is');
    expect(readFileSync(join(folder, 'failover/first.scenario.ts'), 'utf8')).toBe('mine');
  });
});

describe('what cannot run ends with exit status 3, before anything runs', () => {
  test.for([
    ['nothing.ts', null, 'There is no file ./nothing.ts'],
    ['broken.ts', 'export const a = ;', /Could not load the scenario \.\/broken\.ts: .*broken\.ts:1\)/],
    ['enum.ts', 'export enum A { B }', 'enum is not supported'],
    ['throws.mjs', '\nthrow new Error("mine");', /Could not load the scenario \.\/throws\.mjs: mine \(.*throws\.mjs:2:7\)/],
    ['none.mjs', 'export const a = 1;', 'to export one scenario, got none. Write: export default defineScenario('],
    ['two.mjs', `import { check, defineScenario } from 'failover-lab';\nexport const a = defineScenario(${body});\nexport const b = defineScenario(${body});`, 'to export one scenario, got 2'],
    ['half.mjs', 'export default { title: "x", run() {} };', 'The scenario in ./half.mjs lacks: teaches, predict, explains, checks, sources.'],
  ] as const)('%s', ([name, text, message]) => {
    if (text !== null) write(name, text);
    const ran = lab('run', `./${name}`);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(readdirSync(folder)).not.toContain('results');
  });

  test('a folder for the results that cannot be written', () => {
    write('file', '');
    mkdirSync(join(folder, 'closed'));
    chmodSync(join(folder, 'closed'), 0o555);
    const unwritable = process.getuid?.() === 0 ? ['file', '/proc/results', '/sys/results'] : ['file', 'closed', 'closed/results', '/proc/results'];
    for (const results of unwritable) {
      const ran = lab('run', 'baseline', '--results', results);
      expect(ran).toMatchObject({ status: 3, stdout: '' });
      expect(ran.stderr).toMatch(/^lab: The results cannot be written to .*Name another folder: --results DIR\n$/);
    }
  });
});

test('--version says lab, Node and kernel', () => {
  expect(lab('--version').stdout).toMatch(/^failover-lab \d+\.\d+\.\d+, Node v24\.\d+\.\d+, Linux \d+\.\S+\n$/);
});

describe('completion', () => {
  const program = new Command('lab');
  program.command('run').option('--client <name>').option('-v, --verbose').option('--only <scenario>');
  program.command('fault').command('blackhole <host>').option('--family <value>');
  program.command('blackhole <host>', { hidden: true });

  test.for([
    [['fa'], ['fault']],
    [['bl'], []],
    [['run', 'all-d'], ['all-down']],
    [['run', '-v', 'all-d'], ['all-down']],
    [['run', '--client', 'cur'], ['curl']],
    [['run', '--client', 'curl', 'all-d'], ['all-down']],
    [['run', 'all-down', ''], []],
    [['run', '--cl'], ['--client']],
    [['fault', 'bl'], ['blackhole']],
    [['fault', 'blackhole', 'b'], ['backend-1', 'backend-2', 'backend-3']],
    [['fault', 'blackhole', 'backend-1', '--f'], ['--family']],
  ] as const)('lab %j', ([words, expected]) => {
    expect(candidates(program, words)).toEqual(expected);
  });

  test('bash completes the name of a scenario', () => {
    const script = `${completionScript('bash')}\nCOMP_WORDS=(${localRuntime.root}/bin/lab run ipv6-b); COMP_CWORD=2; _lab; echo "\${COMPREPLY[@]}"`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' })).toMatchObject({ stdout: 'ipv6-blackhole\n', stderr: '' });
    expect(lab('completion', 'tcsh')).toMatchObject({ status: 3, stderr: expect.stringContaining('Known: bash, zsh, fish') as string });
  });
});
