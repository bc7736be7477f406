/** The commands that show a run again, as somebody types them. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { describeWith } from '../testing/testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'picture-commands-'));
afterAll(() => { rmSync(folder, { recursive: true }); });
for (const name of ['ipv6-blackhole', 'host-vanishes']) cpSync(join(localRuntime.root, 'lab/testing/runs', name), join(folder, name), { recursive: true });

function lab(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(localRuntime.root, 'bin/lab'), words, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('lab report writes the page and the picture of an old run, and says where', () => {
  expect(lab('report', 'ipv6-blackhole', '--svg', 'picture.svg')).toEqual({ status: 0, stdout: 'ipv6-blackhole/timeline.html\npicture.svg\n', stderr: '' });
  expect(readFileSync(join(folder, 'ipv6-blackhole/timeline.html'), 'utf8')).toContain('<h1>ipv6-blackhole</h1>');
  expect(readFileSync(join(folder, 'picture.svg'), 'utf8')).toMatch(/^<svg /);
});

test('lab report of what is no run is one message and exit status 3', () => {
  expect(lab('report', 'nowhere')).toEqual({ status: 3, stdout: '', stderr: 'lab: There is no folder `nowhere`. Expected the folder of a run, such as results/latest.\n' });
});

test('lab compare prints first what differs, then the warnings, and writes a page with links to the runs', () => {
  const { status, stdout, stderr } = lab('compare', 'ipv6-blackhole', 'host-vanishes', '--results', 'compared');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/ipv6-blackhole · node-fetch +host-vanishes · node-fetch$/);
  expect(stdout).toMatch(/^ {2}fallback delay +251\.4 ms +–$/m);
  expect(lines.findIndex((line) => line.startsWith('The runs differ in their scenario: '))).toBeGreaterThan(lines.findIndex((line) => line.includes('fallback delay')));
  const page = readFileSync(join(folder, 'compared/compare.html'), 'utf8');
  expect(page).toContain('href="../ipv6-blackhole/timeline.html"');
});

test.each([
  [['compare', 'ipv6-blackhole'], 'lab: Expected at least two runs or captures, got 1.\n'],
  [['compare', 'ipv6-blackhole', 'nowhere'], 'lab: There is no `nowhere`. Expected the folder of a run, such as results/latest, or a capture file.\n'],
  [['compare', 'ipv6-blackhole', 'host-vanishes', '--align', 'moon'], /^lab: .*--align.*request.*fault.*moon/],
] as const)('lab %s is one message', (words, message) => {
  expect(lab(...words)).toEqual({ status: 3, stdout: '', stderr: typeof message === 'string' ? message : (expect.stringMatching(message) as string) });
});

describeWith('netns', 'lab run', () => {
  test('writes timeline.html beside the other files, and with --svg a picture; the page has the command that repeats the run', () => {
    const { status, stdout, stderr } = lab('run', 'baseline', '--seed', '3', '--set', 'family=4', '--svg', 'baseline.svg');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('baseline.svg');
    expect(existsSync(join(folder, 'baseline.svg'))).toBe(true);
    const page = readFileSync(join(folder, 'results/latest/timeline.html'), 'utf8');
    expect(page).toContain('<code>bin/lab run baseline --client node-fetch --seed 3 --set family=4</code>');
    expect(page).toContain('href="wire.pcapng"');
  });

  test('refuses a picture in a folder that is not there before it runs', () => {
    expect(lab('run', 'baseline', '--svg', 'no/where.svg')).toEqual({ status: 3, stdout: '', stderr: `lab: The picture cannot be written to no/where.svg: there is no folder ${join(folder, 'no')}.\n` });
  });
});
