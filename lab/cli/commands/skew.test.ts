/** `lab skew` as a program: its rows, its JSON, its exit status. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { searchPath } from '../../network/drivers/netns-requirements.ts';
import type { SkewRow } from '../../report/skew-table.ts';
import { describeWith } from '../../testing/testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'skew-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

function skew(words: string[], env: NodeJS.ProcessEnv = {}): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('bin/lab', ['skew', '--results', join(folder, 'results'), ...words], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', ...env } });
  return { status, stdout, stderr };
}

/** A PATH without some programs. */
function pathWithout(...programs: string[]): string {
  const bin = join(folder, `without-${programs.join('-')}`);
  mkdirSync(bin);
  for (const each of searchPath().split(':')) {
    for (const name of readdirSync(each)) {
      if (programs.includes(name)) continue;
      try {
        symlinkSync(join(each, name), join(bin, name));
      } catch (error) {
        // The same name stands in an earlier folder of the PATH.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }
  return bin;
}

describeWith('netns', 'lab skew', () => {
  test('prints a row for each cause and resolver, and as JSON the whole evidence', { timeout: 60_000 }, () => {
    const words = ['--cause', 'few-clients,keep-alive', '--resolver', 'node-resolve', '--requests', '20'];
    const { status, stdout, stderr } = skew(words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^few-clients · .*\n {2}node-resolve /m);
    expect(stdout).toMatch(/^keep-alive · .*\n {2}node-resolve .* 100 % .*\n +kept-connections · fits the closed form/m);
    const { rows } = JSON.parse(skew([...words, '--json']).stdout) as { rows: SkewRow[] };
    expect(rows.map(({ cause, lookups, mechanism }) => [cause, lookups, mechanism?.name])).toEqual([['few-clients', 12, 'chance'], ['keep-alive', 1, 'kept-connections']]);
  });

  test('a resolver that is not there is a line that says how to get it; whoever names it gets exit status 2', { timeout: 60_000 }, () => {
    // Without the other compilers, too: to build the clients in Go and Java takes half a minute.
    const PATH = pathWithout('musl-gcc', 'go', 'javac');
    const { status, stdout } = skew(['--cause', 'few-clients', '--resolver', 'musl,node-resolve'], { PATH });
    expect(stdout).toContain("musl is not there: musl's getaddrinfo. To get it: apt-get install musl-tools");
    expect(stdout).toContain('  node-resolve ');
    expect(status).toBe(2);
    expect(skew(['--cause', 'few-clients'], { PATH }).status).toBe(0);
  });
});
