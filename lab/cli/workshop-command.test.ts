/** `lab workshop` as a process: what it prints, what it refuses, how it ends, and the link for a room. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { describeWith, until } from '../testing/testing.ts';

interface Started {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  code: Promise<number | null>;
}

describeWith('netns', '`lab workshop`', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'workshop-'));
    onTestFinished(() => { rmSync(folder, { recursive: true }); });
  });

  function lab(...words: string[]): Started {
    const child = spawn(localRuntime.node, [`${localRuntime.root}/lab/build/start.ts`, ...words], { cwd: folder, env: { ...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: undefined }, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk));
    const code = once(child, 'close').then(([status]) => status as number | null);
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await code;
    });
    return { child, output, code };
  }

  const linkOf = ({ output }: Started, word = 'open'): Promise<string> => until(() => new RegExp(`^${word} (http://\\S+)$`, 'm').exec(output.stdout)?.[1], `the line \`${word} …\`; got ${output.stderr}`);
  const enter = async (link: string): Promise<string> => {
    const response = await fetch(link, { redirect: 'manual' });
    return response.status === 303 ? (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' : '';
  };
  const act = async (link: string, cookie: string, verb: string, args: object): Promise<number> => {
    const { origin } = new URL(link);
    return (await fetch(`${origin}/act`, { method: 'POST', headers: { cookie, origin, 'content-type': 'application/json' }, body: JSON.stringify({ verb, args }) })).status;
  };

  test('prints its one address, obeys the page and a second terminal, writes the session, and leaves nothing', { timeout: 60_000 }, async () => {
    const workshop = lab('workshop', '--no-open', '--driver', 'netns', '--client', 'node-http');
    const link = await linkOf(workshop);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?link=[\w-]{24}$/);
    expect(workshop.output.stdout.match(/http:/g)).toHaveLength(1);
    const cookie = await enter(link);
    expect(await enter(link)).toBe('');
    expect(await act(link, cookie, 'apply', { fault: 'kill', host: 'backend-2', options: {} })).toBe(200);
    const status = lab('status');
    await status.code;
    expect(status.output.stdout).toMatch(/faults +kill backend-2: seen/);
    const second = lab('workshop', '--no-open', '--driver', 'netns');
    expect([await second.code, second.output.stderr]).toEqual([3, expect.stringContaining('A lab is up already') as string]);
    workshop.child.kill('SIGINT');
    expect(await workshop.code).toBe(0);
    expect(workshop.output.stdout).toMatch(/^results\/by-hand\/\S+: \d+ events, \d+ frames$/m);
    expect(workshop.output.stderr).toBe('');
  });

  test.each([
    [['--port', 'many'], 'Expected `--port` to be a whole number from 0 to 65535, got `many`.'],
    [['--client', 'nobody'], 'Unknown client `nobody`.'],
    [['--listen', '192.0.2.1'], 'The workshop cannot listen on 192.0.2.1 port 0:'],
  ])('refuses %j with one message, and no lab stays up', { timeout: 60_000 }, async (words, message) => {
    const refused = lab('workshop', '--no-open', '--driver', 'netns', ...words);
    expect(await refused.code).toBe(3);
    expect(refused.output.stderr).toContain(message);
    expect(refused.output.stderr.trim().split('\n')).toHaveLength(1);
    const status = lab('status');
    expect([await status.code, status.output.stderr]).toEqual([3, 'lab: No lab is up. Start one in another terminal: `lab up`.\n']);
  });

  test('a port that somebody else has is refused', { timeout: 60_000 }, async () => {
    const other = createServer();
    onTestFinished(() => { other.close(); });
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const refused = lab('workshop', '--no-open', '--driver', 'netns', '--port', String((other.address() as AddressInfo).port));
    expect([await refused.code, refused.output.stderr]).toEqual([3, expect.stringMatching(/cannot listen on 127\.0\.0\.1 port \d+: .*EADDRINUSE.*--port N/) as string]);
  });

  test('--listen: all who come by the second link watch, and the switch for all stays off', { timeout: 60_000 }, async () => {
    const workshop = lab('workshop', '--no-open', '--driver', 'netns', '--listen', '127.0.0.2');
    const [link, watch] = [await linkOf(workshop), await linkOf(workshop, 'watch')];
    expect(new URL(link).hostname).toBe('127.0.0.2');
    const [leader, one, other] = [await enter(link), await enter(watch), await enter(watch)];
    const kill = { fault: 'kill', host: 'backend-1', options: {} };
    for (const cookie of [one, other, '']) expect(await act(link, cookie, 'apply', kill)).toBe(403);
    expect(await act(link, leader, 'share', { all: true })).toBe(400);
    expect(await act(link, one, 'apply', kill)).toBe(403);
    expect(await act(link, leader, 'apply', kill)).toBe(200);
  });
});
