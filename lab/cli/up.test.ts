/** `lab up` as a process: several at once, after one that was killed, and interrupted while it comes up. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { describeWith, until } from '../testing/testing.ts';

interface Ended { code: number | null; stdout: string; stderr: string }

interface Started {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  ended: Promise<Ended>;
}

/** The socket of these labs is in a folder of the test, so a lab that somebody keeps up is not touched. `lab down` finds no engine, whose labs it would remove. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'up-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
});

function lab(...words: string[]): Started {
  const child = spawn(localRuntime.node, [`${localRuntime.root}/lab/build/start.ts`, ...words], { env: { ...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: undefined, DOCKER_HOST: `unix://${folder}/no-engine.sock` }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk));
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...output }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output, ended };
}

const isUp = ({ output }: Started): boolean => output.stdout.includes('The lab is up');
const up = async (): Promise<Started> => {
  const started = lab('up', '--driver', 'netns');
  await until(() => (isUp(started) ? true : undefined), `a lab that is up; got ${started.output.stderr}`);
  return started;
};
const socketFolder = (): string => join(folder, `failover-lab-${userInfo().uid}`);

describeWith('netns', '`lab up`', () => {
  test('four at once, beside the socket of a lab that was killed: one comes up, and the others say that one is up', { timeout: 60_000 }, async () => {
    const killed = await up();
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(readdirSync(socketFolder())).toEqual(['control.sock']);

    const several = Array.from({ length: 4 }, () => lab('up', '--driver', 'netns'));
    const ended = new Set<Started>();
    for (const each of several) void each.ended.then(() => ended.add(each));
    await until(() => (ended.size === 3 && several.some(isUp) ? true : undefined), 'one that is up and three that ended');
    for (const loser of ended) {
      expect(await loser.ended).toEqual({ code: 3, stdout: '', stderr: expect.stringMatching(/^lab: A lab is up already, or is just coming up or going down \(.*control\.sock\)\. `lab down` takes it down\.\n$/) as string });
    }
    const winner = several.find((each) => !ended.has(each));
    expect((await lab('dns').ended).stdout).toContain('AAAA off');
    expect(await lab('down', '--help').ended).toMatchObject({ code: 0 });
    expect(await lab('down').ended).toMatchObject({ code: 0, stdout: 'the lab is down\n' });
    expect((await winner?.ended)?.code).toBe(0);
    expect(existsSync(socketFolder())).toBe(false);
  });

  test('`lab down` ends when the lab is gone, so the next `lab up` comes up at once', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      await up();
      expect(await lab('down').ended).toMatchObject({ code: 0, stdout: 'the lab is down\n', stderr: '' });
    }
  });

  test('`--resolv-conf`: the client of the lab has these lines, and the lab says so', { timeout: 60_000 }, async () => {
    const started = lab('up', '--driver', 'netns', '--resolv-conf', 'search lab.test', '--resolv-conf', 'options ndots:5');
    await until(() => (isUp(started) ? true : undefined), `a lab that is up; got ${started.output.stderr}`);
    const lines = ['nameserver 198.51.100.53', 'search lab.test', 'options ndots:5'];
    expect(started.output.stdout).toContain(`resolv.conf of the client: ${lines.join('; ')}\n`);
    expect((await lab('exec', 'client', '--', 'cat', '/etc/resolv.conf').ended).stdout).toBe(`${lines.join('\n')}\n`);
    expect((await lab('exec', 'client', '--', 'getent', 'ahostsv4', 'backend-1').ended).stdout).toMatch(/^198\.51\.100\.11 .*backend-1\.lab\.test$/m);
    expect(await lab('down').ended).toMatchObject({ code: 0 });
  });

  test('interrupted while it comes up: it ends at once, with the exit status of the signal, and leaves no socket', { timeout: 40_000 }, async () => {
    const started = lab('up', '--driver', 'netns');
    // The socket is there before the lab is.
    await until(() => (existsSync(join(socketFolder(), 'control.sock')) ? true : undefined), 'the socket');
    started.child.kill('SIGTERM');
    expect(await started.ended).toEqual({ code: 143, stdout: '', stderr: 'lab: Interrupted by SIGTERM.\n' });
    expect(existsSync(socketFolder())).toBe(false);
  });
});
