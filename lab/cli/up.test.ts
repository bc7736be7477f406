/** `lab up` as a process: several at once, after one that was killed, and interrupted while it comes up. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { describeWith, until } from '../testing/testing.ts';
import { tshark } from '../testing/tshark.ts';

interface Ended { code: number | null; stdout: string; stderr: string }

interface Started {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  ended: Promise<Ended>;
}

/** The socket and the results of these labs are in a folder of the test, so a lab that somebody keeps up is not touched. `lab down` finds no engine, whose labs it would remove. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'up-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
});

function lab(...words: string[]): Started {
  const child = spawn(localRuntime.node, [`${localRuntime.root}/lab/build/start.ts`, ...words], { cwd: folder, env: { ...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: undefined, DOCKER_HOST: `unix://${folder}/no-engine.sock` }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk));
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...output }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output, ended };
}

/** The engine of these tests is away. Where no compose is installed, no lab was ever on docker, and nothing is said. */
const notAsked = /^(lab: Docker could not be asked, so what killed runs have left there stays: No docker engine answers\. .*no-engine\.sock\)\n)?$/;

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
      expect(await lab('down').ended).toMatchObject({ code: 0, stdout: 'the lab is down\n', stderr: expect.stringMatching(notAsked) as string });
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

  test('`--backends`: the lab has so many, and its commands know no others', { timeout: 60_000 }, async () => {
    const started = lab('up', '--driver', 'netns', '--backends', '5');
    await until(() => (isUp(started) ? true : undefined), `a lab that is up; got ${started.output.stderr}`);
    const names = ['backend-1', 'backend-2', 'backend-3', 'backend-4', 'backend-5'];
    expect(started.output.stdout.match(/backend-\d+(?= +198)/g)).toEqual(names);
    expect((await lab('status').ended).stdout.match(/^backend-\d+(?= +198)/gm)).toEqual(names);
    expect(await lab('kill', 'backend-5').ended).toMatchObject({ code: 0 });
    expect(await lab('exec', 'backend-6', '--', 'true').ended).toMatchObject({ code: 3, stderr: 'lab: Unknown host `backend-6`. Known: client, dns, backend-1, backend-2, backend-3, backend-4, backend-5, observer. Did you mean `backend-1`?\n' });
    expect(await lab('heal', 'backend-6').ended).toMatchObject({ code: 3, stderr: expect.stringContaining('Unknown host `backend-6`. Known: backend-1,') as string });
    expect(await lab('down').ended).toMatchObject({ code: 0 });
  });

  test('a terminal that keeps its half open does not keep the lab up', { timeout: 60_000 }, async () => {
    const started = await up();
    // It never sends its FIN.
    const socket = connect({ path: join(socketFolder(), 'control.sock'), allowHalfOpen: true });
    onTestFinished(() => { socket.destroy(); });
    await once(socket, 'connect');
    expect(await lab('down').ended).toMatchObject({ code: 0, stdout: 'the lab is down\n' });
    expect(await started.ended).toMatchObject({ code: 0 });
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

describeWith(['netns', 'curl', 'tshark'], 'what a lab by hand has seen', () => {
  test('is in the story, with its packets, and in files when it ends', { timeout: 60_000 }, async () => {
    const started = await up();
    expect((await lab('exec', 'client', '--', 'curl', '-sS', 'http://backend-1.lab.test:8080/').ended).stdout).toBe('Hello, World from 198.51.100.11\n');
    expect((await lab('fault', 'refuse', 'backend-1', '--family', '4').ended).code).toBe(0);
    expect((await lab('exec', 'client', '--', 'curl', '-sS', 'http://backend-1.lab.test:8080/').ended).code).toBe(7);
    await lab('down').ended;
    const { code, stdout } = await started.ended;
    expect(code).toBe(0);
    const story = stdout.split('\n').filter((line) => line.includes('●')).map((line) => line.replace(/^[\s\d.●│]+/, '').replace(/\b\d{4,5}\b/g, 'PORT'));
    for (const line of ['SYN PORT → 198.51.100.11', 'GET / HTTP/1.1 PORT → 198.51.100.11', 'GET / at 198.51.100.11', 'refuse backend-1 family=4', 'RST 198.51.100.11 → PORT']) expect(story).toContain(line);

    const [, directory = '', events, frames] = /^(results\/by-hand\/\S+): (\d+) events, (\d+) frames$/m.exec(stdout) ?? [];
    const written = readFileSync(join(folder, directory, 'events.ndjson'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { event: string });
    expect(written).toHaveLength(Number(events));
    expect(written.filter(({ event }) => event === 'wire:syn')).toHaveLength(2);
    const rows = await tshark(readFileSync(join(folder, directory, 'wire.pcapng')), 'frame', ['frame.number', 'frame.comment', 'tcp.flags.reset']);
    expect(rows).toHaveLength(Number(frames));
    expect(rows.map((row) => row['frame.comment']).join()).toContain('refuse backend-1 family=4');
  });
});

describeWith(['netns', 'curl', 'tcpdump'], 'tcpdump in a lab by hand', () => {
  test('sees the packets of the client, although it gives up root', { timeout: 60_000 }, async () => {
    await up();
    const tcpdump = lab('exec', 'client', '--', 'tcpdump', '-n', '-l', '-c', '1', 'tcp[tcpflags] & tcp-syn != 0');
    // It gives its file to that user, too.
    const toFile = lab('exec', 'client', '--', 'tcpdump', '-n', '-c', '1', '-w', join(folder, 'tcpdump.pcap'), 'tcp[tcpflags] & tcp-syn != 0');
    for (const { output } of [tcpdump, toFile]) await until(() => (output.stderr.includes('listening on') ? true : undefined), `tcpdump; it wrote ${output.stderr}`);
    await lab('exec', 'client', '--', 'curl', '-sS', 'http://198.51.100.11:8080/').ended;
    expect(await tcpdump.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/IP 198\.51\.100\.200\.\d+ > 198\.51\.100\.11\.8080: Flags \[S\]/) as string });
    expect(await toFile.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('1 packet captured') as string });
    await lab('down').ended;
  });
});
