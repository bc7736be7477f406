/** A backend as a process on loopback. 127.0.0.1 and 127.0.0.2 are its two addresses. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { openRaw, type RawConnection } from '../../lab/testing/raw-http.ts';
import { describeWith, freePort, localProcess, localService, until, type EventLog } from '../../lab/testing/testing.ts';
import { nodeArgv } from '../../lab/network/programs.ts';
import type { Remote } from '../../lab/network/remote.ts';
import { healthy } from './behaviour.ts';

const [first, second] = ['127.0.0.1', '127.0.0.2'];
let port: number;
let remote: Remote;
let log: EventLog;

const argv = (...listen: string[]): string[] => nodeArgv('services/backend/main.ts', JSON.stringify({ listen, port, seed: '1' }));

beforeEach(async () => {
  port = await freePort();
  ({ remote, log } = await localService(argv(first, second)));
});

const open = (host = first): Promise<RawConnection> => openRaw(port, host);
const refusal = (host = first): Promise<string> => open(host).then(() => 'connected', (error: unknown) => (error as NodeJS.ErrnoException).code ?? '');

test('answers with its address, and reports each step as an event', async () => {
  const connection = await open(second);
  expect(await connection.get()).toMatchObject({ status: 200, body: 'Hello, World from 127.0.0.2\n' });
  connection.socket.destroy();
  await log.have('backend:close');
  expect(log.events).toMatchObject([
    { event: 'backend:accept', connection: 1, from: '127.0.0.1', address: second },
    { event: 'backend:request', connection: 1, method: 'GET', path: '/', address: second },
    { event: 'backend:response', connection: 1, status: 200, address: second },
    { event: 'backend:close', connection: 1, address: second },
  ]);
});

test('keeps the connection for the next request and for pipelined requests', async () => {
  const connection = await open();
  for (let round = 0; round < 3; round++) expect((await connection.get()).headers).toMatch(/connection: keep-alive/i);
  connection.ask();
  connection.ask();
  expect([await connection.answer(), await connection.answer()]).toMatchObject([{ status: 200 }, { status: 200 }]);
  expect((await log.have('backend:request', 5)).map((event) => event.connection)).toEqual([1, 1, 1, 1, 1]);
});

test('sends as many bytes as the path asks for', async () => {
  const connection = await open();
  expect((await connection.get('/bytes/8000')).body).toHaveLength(8_000);
  expect((await connection.get('/bytes/many')).body).toHaveLength(0);
  expect((await connection.get('/nowhere')).status).toBe(404);
});

describe('behaviour', () => {
  const behave = (change: object): Promise<unknown> => remote.call('behaviour', change);

  test('delayMs: the time between request and response; 0 heals it', async () => {
    const delayMs = 400;
    expect(await behave({ delayMs })).toEqual({ ...healthy, delayMs });
    const connection = await open();
    await connection.get();
    const [asked] = log.of('backend:request');
    const [answered] = await log.have('backend:response');
    const tookMs = (answered?.atMs ?? 0) - (asked?.atMs ?? 0);
    // Node's timers may fire up to a millisecond early. On a very busy machine with two cores they may be 400 ms late.
    expect(tookMs).toBeGreaterThanOrEqual(delayMs - 1);
    expect(tookMs).toBeLessThan(delayMs + 400);
    await behave({ delayMs: 0 });
    await connection.get();
    const [, quick] = await log.have('backend:response', 2);
    expect((quick?.atMs ?? 0) - (log.of('backend:request')[1]?.atMs ?? 0)).toBeLessThan(delayMs);
  });

  test('status: the status of every response', async () => {
    await behave({ status: 503 });
    expect(await (await open()).get()).toMatchObject({ status: 503, body: 'Hello, World from 127.0.0.1\n' });
  });

  test('stall: sends the headers and half of the body, then nothing; other requests are still answered', async () => {
    await behave({ stall: true });
    const stalled = await open();
    stalled.ask();
    await until(() => (stalled.received.includes('\r\n\r\n') ? true : undefined), 'headers');
    await behave({ stall: false });
    expect((await (await open()).get()).status).toBe(200);
    const [headers = '', body] = stalled.received.split('\r\n\r\n');
    expect(headers).toMatch(/^HTTP\/1\.1 200 [\s\S]*content-length: 28/i);
    expect(body).toBe('Hello, World f');
    expect(stalled.ended).toBe(false);
  });

  test('closeAfter: the n-th response on a connection closes it', async () => {
    await behave({ closeAfter: 2 });
    const connection = await open();
    expect((await connection.get()).headers).toMatch(/connection: keep-alive/i);
    expect((await connection.get()).headers).toMatch(/connection: close/i);
    await until(() => (connection.ended ? true : undefined), 'FIN');
  });

  test('a wrong change is refused with a message, and changes nothing', async () => {
    await expect(behave({ delayMs: 1, speed: 2 })).rejects.toThrow('the service: the behaviour of a backend has no `speed`.');
    expect(await behave({})).toMatchObject({ delayMs: 0 });
  });
});

describe('refuse', () => {
  test('one address refuses new connections; the other address and established connections still work; `listen` heals it', async () => {
    const established = await open();
    await established.get();
    await remote.call('refuse', { family: 4 });
    expect([await refusal(first), await refusal(second)]).toEqual(['ECONNREFUSED', 'connected']);
    expect((await established.get()).status).toBe(200);
    await remote.call('listen', { family: 4 });
    expect((await (await open()).get()).status).toBe(200);
    expect((await established.get()).status).toBe(200);
  });

  test('an address that several faults have closed is listened on when the last of them is healed', async () => {
    const seen = async (): Promise<string[]> => [await refusal(first), await refusal(second)];
    await remote.call('deafen', { family: 4, backlog: 1 });
    await remote.call('drain', { idle: 'keep' });
    await remote.call('listen', { family: 4 });
    expect(await seen()).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    await remote.call('refuse', { family: 4 });
    await remote.call('undrain');
    expect(await seen()).toEqual(['ECONNREFUSED', 'connected']);
    await remote.call('listen', { family: 4 });
    expect(await seen()).toEqual(['connected', 'connected']);
  });

  test('a second `refuse`, or one for a family without an address, is refused with a message', async () => {
    await remote.call('refuse', { family: 4 });
    await expect(remote.call('refuse', { family: 4 })).rejects.toThrow('Not listening on 127.0.0.1. Listening on: 127.0.0.2.');
    await expect(remote.call('refuse', { family: 6 })).rejects.toThrow('Expected the family of one of 127.0.0.1, 127.0.0.2, got 6.');
  });
});

describe('SIGTERM', () => {
  /** This is shorter than the time limit of the drain, so a backend that ends within it has ended by itself. */
  const promptlyMs = 2_500;
  const endedWithin = async (limitMs: number): Promise<number | null | 'still running'> => {
    const timer = Promise.withResolvers<'still running'>();
    const timeout = setTimeout(() => { timer.resolve('still running'); }, limitMs);
    const code = await Promise.race([remote.process.exited.then((exit) => exit.code), timer.promise]);
    clearTimeout(timeout);
    return code;
  };

  test('closes idle connections, refuses new ones, and ends with exit status 0', async () => {
    const idle = await open();
    await idle.get();
    await remote.process.signal('SIGTERM');
    expect(await endedWithin(promptlyMs)).toBe(0);
    await until(() => (idle.ended ? true : undefined), 'FIN');
    expect(await refusal()).toBe('ECONNREFUSED');
    expect(log.of('backend:stopping')).toMatchObject([{ connections: 1 }]);
  });

  test('ends with exit status 0 without any connection, too', async () => {
    await remote.process.signal('SIGTERM');
    expect(await endedWithin(promptlyMs)).toBe(0);
  });

  test('answers the requests in flight before it ends', async () => {
    await remote.call('behaviour', { delayMs: 150 });
    const busy = await open();
    busy.ask();
    await log.have('backend:request');
    await remote.process.signal('SIGTERM');
    expect(await busy.answer()).toMatchObject({ status: 200, body: 'Hello, World from 127.0.0.1\n' });
    expect(await endedWithin(promptlyMs)).toBe(0);
  });

  test('also closes the idle connections of an address that has refused new ones before', async () => {
    const idle = await open();
    await idle.get();
    await remote.call('refuse', { family: 4 });
    await remote.process.signal('SIGTERM');
    expect(await endedWithin(promptlyMs)).toBe(0);
    await until(() => (idle.ended ? true : undefined), 'FIN');
  });
});

test('if the port is in use, the backend says so and ends with exit status 1', async () => {
  const { code, stderr } = await localProcess(argv(second)).exited;
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^backend: cannot listen on 127\\.0\\.0\\.2 port ${port}: .*EADDRINUSE`));
});

describeWith('ipv6', 'on IPv6', () => {
  test('answers with its IPv6 address', async () => {
    port = await freePort('::1');
    await localService(argv('::1'));
    expect((await (await open('::1')).get()).body).toBe('Hello, World from ::1\n');
  });
});

describeWith('curl', 'curl', () => {
  test('gets the body, and uses one connection for two requests', async () => {
    const url = `http://${first}:${port}/`;
    const { stdout } = await promisify(execFile)('curl', ['--silent', '--show-error', '--write-out', '%{num_connects} ', url, url]);
    expect(stdout).toBe('Hello, World from 127.0.0.1\n1 Hello, World from 127.0.0.1\n0 ');
  });
});

describeWith('ss', 'ss', () => {
  test('shows that the backend does not listen on the refused address, and listens on the other one', async () => {
    await remote.call('refuse', { family: 4 });
    const { stdout } = await promisify(execFile)('ss', ['-Hltn', `sport = :${port}`]);
    expect(stdout.match(/127\.0\.0\.\d/g)).toEqual([second]);
  });
});
