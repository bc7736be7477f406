/** Runs the commands of docs/skew.md exactly as the page shows them, and holds the output that it shows against the real one. */
import { execFile, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { startHandLab } from '../lab/testing/hand-lab.ts';
import { describeWith } from '../lab/testing/testing.ts';

const page = readFileSync('docs/skew.md', 'utf8');
const commands = [...page.matchAll(/^```\n([^]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n')).map((line) => line.trim());
const models = commands.filter((line) => line.startsWith('bin/lab explain-skew --client'));
const simulations = commands.filter((line) => line.startsWith('bin/lab simulate '));
const sideBySide = commands.filter((line) => line.startsWith('bin/lab skew '));
const behindCaches = commands.filter((line) => line.includes(' --resolver ') && !sideBySide.includes(line));
const ofRuns = commands.filter((line) => line.startsWith('bin/lab ') && !models.includes(line) && !simulations.includes(line) && !behindCaches.includes(line) && !sideBySide.includes(line));
const onClient = commands.filter((line) => /^(dig|ip|getent|ss) /.test(line));

const sh = (line: string, { cwd = '.', env = process.env } = {}): SpawnSyncReturns<string> => spawnSync('sh', ['-c', line], { encoding: 'utf8', maxBuffer: 100_000_000, cwd, env: { ...env, NO_COLOR: '1' } });

const withoutNumbers = (text: string): string => text.replaceAll(/[\d.e-]*\d/g, '#').replaceAll(/[█▏▎▍▌▋▊▉\s]+/g, ' ');

/** A folder of its own: other tests make runs in the project's folder at the same time, and `results/latest` is the last one. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skew-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  for (const name of ['bin', 'node_modules', 'package.json']) symlinkSync(resolve(name), join(folder, name));
  return folder;
}

test('docs/skew.md has the commands that are tested here', () => {
  expect([sideBySide.length > 0, behindCaches.length > 5, models.length > 3, ofRuns.length > 1, onClient.length > 4, simulations.length > 8]).toEqual([true, true, true, true, true, true]);
});

describe('the model of docs/skew.md', () => {
  test.each(models)('%s', (line) => {
    const { status, stderr, stdout } = sh(line);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('glibc');
  });

  test('the page shows the real output', () => {
    const [, line = '', shown = ''] = /^(bin\/lab explain-skew [^\n]*)\n```\n\n<!-- output: [^\n]*\n\n```\n([^]*?)^```/m.exec(page) ?? [];
    expect(sh(line).stdout).toBe(shown);
  });
});

describe('the simulations of docs/skew.md', () => {
  const outputs = new Map<string, string>();
  test.each(simulations)('%s', { timeout: 120_000 }, (line) => {
    const { status, stderr, stdout } = sh(line);
    outputs.set(line, stdout);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.length).toBeGreaterThan(100);
  });

  test('the page shows the real output', () => {
    const [, line = '', shown = ''] = /^<!-- output of: (bin\/lab simulate .*) -->\n\n```\n([^]*?)^```/m.exec(page) ?? [];
    expect(outputs.get(line)).toBe(shown);
  });
});

describeWith('netns', 'the runs of docs/skew.md', () => {
  test(ofRuns.join(', '), { timeout: 60_000 }, () => {
    const folder = ownFolder();
    for (const line of ofRuns) {
      const { status, stderr, stdout } = sh(line, { cwd: folder });
      expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
      if (line.includes('--from')) expect(stdout).toContain('the shares fit the model');
    }
  });
});

describeWith('netns', 'the causes side by side', () => {
  test.each(sideBySide)('%s', { timeout: 120_000 }, (line) => {
    const { status, stderr, stdout } = sh(line, { cwd: ownFolder() });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    // The page has the numbers of one machine, and a bar is a number.
    expect(withoutNumbers(stdout)).toBe(withoutNumbers(/^<!-- output: of the command above, but for the numbers -->\n\n```\n([^]*?)^```/m.exec(page)?.[1] ?? ''));
  });
});

describeWith(['netns', 'unbound', 'dnsmasq', 'systemd-resolved', 'nscd'], 'the caches of docs/skew.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skew-'));
  afterAll(() => { rmSync(folder, { recursive: true }); });
  // Side by side, because they mostly wait: nscd looks for expired answers every 15 s.
  test.concurrent.each(behindCaches)('%s', { timeout: 120_000 }, async (line) => {
    // What a command prints before it fails says why.
    const { code = 0, stderr, stdout } = await promisify(execFile)('sh', ['-c', `${line} --results ${folder}`], { env: { ...process.env, NO_COLOR: '1' } }).catch((error: unknown) => error as { code: number; stderr: string; stdout: string }) as { code?: number; stderr: string; stdout: string };
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: expect.stringContaining('answered from its cache') as string });
  });
});

describeWith(['netns', 'dig', 'ss'], 'the three facts of docs/skew.md', () => {
  test(onClient.join(', '), { timeout: 60_000 }, async () => {
    const { env, down } = await startHandLab();
    for (const line of onClient) {
      const { status, stderr } = sh(`bin/lab exec client -- ${line}`, { env });
      expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
    }
    expect(await down()).toEqual([0, null]);
  });
});
