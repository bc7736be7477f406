/** The commands of docs/read.md run as they stand there, with the capture of a run. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../lab/testing/testing.ts';

const commands = [...readFileSync(new URL('./read.md', import.meta.url), 'utf8').matchAll(/^bin\/lab (read|compare) .*$/gm)].map(([command]) => command);
const commandWith = (word: string): string => commands.find((command) => command.includes(word)) ?? `no command with ${word}`;

describeWith('netns', 'docs/read.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'read-'));
  const inFolder = (command: string): Promise<{ stdout: string; stderr: string }> => promisify(execFile)('sh', ['-c', command.replace(/^bin\/lab/, `${process.cwd()}/bin/lab`)], { cwd: folder });
  beforeAll(async () => {
    await inFolder('bin/lab run ipv6-blackhole >out');
    copyFileSync(join(folder, 'results/latest/wire.pcapng'), join(folder, 'capture.pcap'));
  });
  afterAll(() => { rmSync(folder, { recursive: true }); });


  test('the client is found, and the fallback delay is that of the run', async () => {
    const { stdout } = await inFolder(commandWith('--json'));
    const { client, findings } = JSON.parse(stdout) as { client: string[]; findings: { name: string; fallbackDelayMs: number }[] };
    expect([...client].sort()).toEqual(['198.51.100.200', '2001:db8:1:0:8000::200']);
    const { findings: ofRun } = JSON.parse(readFileSync(join(folder, 'results/latest/journal.json'), 'utf8')) as { findings: { fallbackDelayMs: number } };
    expect(findings.find(({ name }) => name === 'web.lab.test')?.fallbackDelayMs).toBeCloseTo(ofRun.fallbackDelayMs, 0);
    expect((await inFolder('bin/lab read capture.pcap')).stdout).toContain('fallback delay');
  });

  test('the picture is written, and one for each client where each one is read', async () => {
    expect((await inFolder(commandWith('--html'))).stdout).toMatch(/^ +timeline\.html$/m);
    expect(readFileSync(join(folder, 'timeline.html'), 'utf8')).toContain('<h1>capture.pcap</h1>');
    expect((await inFolder(`${commandWith('--client each')} --html each.html --svg each.svg`)).stdout).toMatch(/^ +each-[\w.-]+\.html\n\n +each-[\w.-]+\.svg$/m);
    await expect(inFolder('bin/lab read capture.pcap --html no/timeline.html')).rejects.toMatchObject({ code: 3, stderr: expect.stringMatching(/^lab: The picture cannot be written to no\/timeline\.html: there is no folder .*\n$/) as string });
  });

  test('the capture of a run, compared with the run itself, has the same findings', async () => {
    const { stdout } = await inFolder(commandWith('compare results/latest capture.pcap'));
    const lines = stdout.split('\n');
    expect(stdout).toMatch(/^All findings are the same\.$/m);
    expect(lines[1]).toMatch(/^ +ipv6-blackhole · node-fetch +capture\.pcap · [\d.:a-f, ]+$/);
    const delays = lines.flatMap((line) => /^ {2}fallback delay +(\S+ ms) +(\S+ ms)$/.exec(line)?.slice(1, 3) ?? []);
    const { findings } = JSON.parse(readFileSync(join(folder, 'results/latest/journal.json'), 'utf8')) as { findings: { fallbackDelayMs: number } };
    expect(delays).toHaveLength(2);
    // Printed to a tenth of a millisecond.
    for (const delay of delays) expect(Math.abs(Number.parseFloat(delay) - findings.fallbackDelayMs)).toBeLessThan(0.06);
    expect(stdout).toContain('capture.pcap is a capture: it has no scenario, no seed and no faults');
    expect(readFileSync(join(folder, 'results/compare.html'), 'utf8')).toContain('0 ms on the axis is the first attempt of each run.');
  });

  test.each([
    ['bin/lab compare results/latest capture.pcap --name other.test', 'lab: capture.pcap has nothing about `other.test`. It has connections to: web.lab.test.\n'],
    ['bin/lab compare results/latest results/latest --name web.lab.test', 'lab: `--name` is about captures, and all of these are runs.\n'],
    ['bin/lab compare results/latest capture.pcap --align fault', 'lab: There is no fault in `capture.pcap`, so it cannot be aligned at one. Align at something else: --align request or --align attempt\n'],
    ['bin/lab compare results/latest results/latest/events.ndjson', /^lab: Expected results\/latest\/events\.ndjson to be a capture file \(pcap or pcapng\): /],
  ])('%s is one message', async (command, message) => {
    await expect(inFolder(command)).rejects.toMatchObject({ code: 3, stdout: '', stderr: typeof message === 'string' ? message : (expect.stringMatching(message) as string) });
  });

  test('a client that the capture does not have is a message and exit status 3', async () => {
    await expect(inFolder(commandWith('--client 10.'))).rejects.toMatchObject({ code: 3, stderr: expect.stringContaining('has no packet of 10.0.0.5 or fd00::5') as string });
  });
});
