/** How long a backend keeps an idle connection, and what it tells about it. The backend is a process on loopback. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { openRaw, type Answer, type RawConnection } from '../../lab/testing/raw-http.ts';
import { describeWith, localBackend, until, type EventLog } from '../../lab/testing/testing.ts';
import type { Remote } from '../../lab/network/remote.ts';
import type { Behaviour } from './behaviour.ts';

const address = '127.0.0.1';
let port: number;
let remote: Remote;
let log: EventLog;

beforeEach(async () => {
  ({ port, remote, log } = await localBackend(address));
});

const behave = (change: Partial<Behaviour>): Promise<unknown> => remote.call('behaviour', change);
const open = (): Promise<RawConnection> => openRaw(port, address);
const announced = ({ headers }: Answer): string | undefined => /^keep-alive: (.*)$/im.exec(headers)?.[1];

test('without a change, 75 s are announced; announce=off leaves the header out, and keeps the connection', async () => {
  const connection = await open();
  expect(announced(await connection.get())).toBe('timeout=75');
  await behave({ announce: false });
  const silent = await connection.get();
  expect([announced(silent), /^connection: (.*)$/im.exec(silent.headers)?.[1]]).toEqual([undefined, 'keep-alive']);
  expect((await connection.get()).status).toBe(200);
});

test.each([{ announce: true }, { announce: false }])('with %j, a client that asks for `Connection: close` gets it', async (change) => {
  await behave(change);
  const connection = await open();
  connection.socket.write('GET / HTTP/1.1\r\nHost: web.lab.test\r\nConnection: close\r\n\r\n');
  const answer = await connection.answer();
  expect([answer.headers.match(/^connection: .*$/gim), announced(answer)]).toEqual([['Connection: close'], undefined]);
  await until(() => (connection.ended ? true : undefined), 'FIN');
});

// Node alone would close a second later than it announces (keepAliveTimeoutBuffer).
test.each([[600, 'timeout=0'], [1_200, 'timeout=1']])('%i ms: announced as %s, and FIN after this time', async (keepAliveMs, seconds) => {
  await behave({ keepAliveMs });
  const connection = await open();
  expect(announced(await connection.get())).toBe(seconds);
  await until(() => (connection.ended ? true : undefined), 'FIN');
  const [answered] = await log.have('backend:response');
  const [closed] = await log.have('backend:close');
  const idleMs = (closed?.atMs ?? 0) - (answered?.atMs ?? 0);
  // Node's timers may fire up to a millisecond early. On a very busy machine with two cores they may be 400 ms late.
  expect(idleMs).toBeGreaterThanOrEqual(keepAliveMs - 1);
  expect(idleMs).toBeLessThan(keepAliveMs + 400);
});

test('a change holds for a connection that exists, from its next response on, and heals', async () => {
  const [busy, idle] = [await open(), await open()];
  await busy.get();
  await idle.get();
  await behave({ keepAliveMs: 100 });
  await busy.get();
  await until(() => (busy.ended ? true : undefined), 'FIN after the next response');
  expect(idle.ended).toBe(false);
  await remote.call('heal-behaviour', { fault: null });
  expect(announced(await idle.get())).toBe('timeout=75');
});

describeWith('curl', 'for curl, which makes two requests a second apart', () => {
  // --rate counts from start to start, so the connection is idle for nearly a second.
  const newConnections = async (): Promise<string> => {
    const url = `http://${address}:${port}/`;
    return (await promisify(execFile)('curl', ['--silent', '--rate', '60/m', '--output', '/dev/null', '--output', '/dev/null', '--write-out', '%{num_connects} ', url, url])).stdout;
  };

  test('the connection is used again, unless the backend has closed it in the meantime', async () => {
    expect(await newConnections()).toBe('1 0 ');
    await behave({ keepAliveMs: 200 });
    expect(await newConnections()).toBe('1 1 ');
  });
});
