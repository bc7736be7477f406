/** The variables of each make target: each known one changes what the target runs, and any other one is refused. `make -n` runs nothing. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const makefile = readFileSync('Makefile', 'utf8');
const targets = [...makefile.matchAll(/^([a-z-]+):.*## /gm)].map(([, target = '']) => target);

function dryRun(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  // The variables of the `make` that runs the tests must not reach this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MAKE') && name !== 'MFLAGS'));
  const { status, stdout, stderr } = spawnSync('make', ['-n', ...words], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

test('the Makefile has targets', () => { expect(targets).toContain('scenario'); });

describe.each(targets)('make %s', (target) => {
  const refusal = new RegExp(`\\*\\*\\* \`make ${target}\` does not know \`nonsense\`\\. It knows: (.*)\\. {2}Stop\\.`);

  test('refuses a variable that it does not know, and names those that it knows', () => {
    expect(dryRun(target, 'nonsense=1')).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(refusal) as string });
  });

  test('does something with each variable that it knows', () => {
    const known = (refusal.exec(dryRun(target, 'nonsense=1').stderr)?.[1] ?? '').split(' ').filter((word) => word !== 'no' && word !== 'variable');
    const plain = dryRun(target).stdout;
    expect(known.filter((variable) => dryRun(target, `${variable}=1`).stdout === plain)).toEqual([]);
  });

  test('takes the variables of the environment', () => {
    expect(dryRun(target, 'LAB_REQUIRE=netns')).toMatchObject({ status: 0 });
  });
});

describe('make test', () => {
  const commandOf = (...words: string[]): string => /^.*vitest\.mjs run(?=;)/m.exec(dryRun('test', ...words).stdout)?.[0] ?? '';
  /** The files that the command would run, whatever the `make test` around this test leaves out. */
  const filesOf = (command: string): string[] => spawnSync('sh', ['-c', command.replace(/run$/, 'list --filesOnly')], { encoding: 'utf8', env: { ...process.env, LEAVE_OUT: '' } }).stdout.split('\n').map((line) => /\S+\.test\.ts$/.exec(line)?.[0] ?? '').filter(Boolean);

  test('leaves out some files, and says so with their number and the command that runs them; all=1 runs them', () => {
    const [some, all] = [filesOf(commandOf()), filesOf(commandOf('all=1'))];
    const named = /LEAVE_OUT='(.*)'/.exec(commandOf())?.[1]?.split(' ') ?? [];
    expect(named.length).toBeGreaterThan(0);
    expect(all.filter((file) => !some.includes(file)).sort()).toEqual(named.sort());
    expect(all).toEqual(expect.arrayContaining(some));
    expect(dryRun('test').stdout).toMatch(new RegExp(`echo 'Not run: .* \\(${named.length} files\\)\\. To run all tests: make test all=1'`));
    expect(dryRun('test', 'all=1').stdout).not.toContain('Not run');
  });

  test('CI runs all tests', () => {
    expect(readFileSync('.ci/run', 'utf8').match(/^make test.*$/gm)).toEqual(['make test all=1']);
  });
});
