/** The commands of docs/read.md run as they stand there, with the capture of a run. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../lab/testing/testing.ts';

const commands = [...readFileSync(new URL('./read.md', import.meta.url), 'utf8').matchAll(/^bin\/lab read .*$/gm)].map(([command]) => command);

describeWith('netns', 'docs/read.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'read-'));
  const inFolder = (command: string): Promise<{ stdout: string; stderr: string }> => promisify(execFile)('sh', ['-c', command.replace(/^bin\/lab/, `${process.cwd()}/bin/lab`)], { cwd: folder });
  beforeAll(async () => {
    await inFolder('bin/lab run ipv6-blackhole >out');
    copyFileSync(join(folder, 'results/latest/wire.pcapng'), join(folder, 'capture.pcap'));
  });
  afterAll(() => { rmSync(folder, { recursive: true }); });

  test('the page has its commands', () => { expect(commands.length).toBeGreaterThan(2); });

  test('the client is found, and the fallback delay is that of the run', async () => {
    const { stdout } = await inFolder(commands.find((command) => command.endsWith('--json')) ?? '');
    const { client, findings } = JSON.parse(stdout) as { client: string[]; findings: { name: string; fallbackDelayMs: number }[] };
    expect([...client].sort()).toEqual(['198.51.100.200', '2001:db8:1:0:8000::200']);
    const { findings: ofRun } = JSON.parse(readFileSync(join(folder, 'results/latest/journal.json'), 'utf8')) as { findings: { fallbackDelayMs: number } };
    expect(findings.find(({ name }) => name === 'web.lab.test')?.fallbackDelayMs).toBeCloseTo(ofRun.fallbackDelayMs, 0);
    expect((await inFolder(commands[0] ?? '')).stdout).toContain('fallback delay');
  });

  test('a client that the capture does not have is a message and exit status 3', async () => {
    await expect(inFolder(commands.find((command) => command.includes('--client')) ?? '')).rejects.toMatchObject({ code: 3, stderr: expect.stringContaining('has no packet of 10.0.0.5 or fd00::5') as string });
  });
});
