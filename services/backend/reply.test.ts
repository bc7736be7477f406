/** The bytes of broken replies, from a backend as a process on loopback. */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeWith, localBackend, type EventLog } from '../../lab/testing/testing.ts';
import type { Remote } from '../../lab/network/remote.ts';
import type { Behaviour } from './behaviour.ts';

const address = '127.0.0.1';
const hello = 'Hello, World from 127.0.0.1\n';
let port: number;
let remote: Remote;
let log: EventLog;

beforeEach(async () => {
  ({ port, remote, log } = await localBackend(address));
});

const behave = (change: Partial<Behaviour>): Promise<unknown> => remote.call('behaviour', change);

interface Exchange {
  /** The bytes that came after each request, up to the next request. */
  replies: string[];
  /** How the server ended the connection, as the client's kernel reports it. `open` if the server did not end it. */
  end: 'FIN' | 'RST' | 'open';
}

/** A connection that stays open is silent for this time after a whole response. Broken replies come in pieces, so the silence after a part is longer. */
const [quietMs, quietInReplyMs] = [300, 1_500];

/**
 * Sends the requests on one connection, each one after the whole response to the one before. Waits until the server ends the connection. The
 * connection counts as open when the server has answered the last request, in whole or in part, and is silent from then on.
 */
function exchange(methods: string[], { body = '' } = {}): Promise<Exchange> {
  return new Promise((resolve) => {
    const replies: string[] = [];
    const socket = connect(port, address);
    const finish = (end: Exchange['end']): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ replies, end });
    };
    let timer: NodeJS.Timeout | undefined;
    const send = (): void => {
      const method = methods[replies.length];
      if (method === undefined) return;
      replies.push('');
      socket.write(`${method} / HTTP/1.1\r\nHost: web\r\n${body ? `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n` : ''}\r\n${body}`);
    };
    socket.once('connect', send);
    socket.setEncoding('latin1').on('data', (text: string) => {
      replies[replies.length - 1] = `${replies.at(-1) ?? ''}${text}`;
      const isWhole = replies.at(-1)?.endsWith(hello) === true;
      clearTimeout(timer);
      if (isWhole) send();
      if (replies.length === methods.length && replies.at(-1) !== '') timer = setTimeout(finish, isWhole ? quietMs : quietInReplyMs, 'open');
    });
    socket.once('end', () => { finish('FIN'); });
    socket.once('error', ({ message }) => { finish(message.includes('ECONNRESET') ? 'RST' : 'open'); });
  });
}

const status = (reply: string | undefined): string => reply?.split('\r\n')[0] ?? '';

test('a healthy backend answers every method, with or without a body, and keeps the connection', async () => {
  const { replies, end } = await exchange(['GET', 'PUT', 'POST', 'DELETE'], { body: 'a=1' });
  expect(replies.map(status)).toEqual(Array(4).fill('HTTP/1.1 200 OK'));
  expect(end).toBe('open');
});

describe.each(['fin', 'rst'] as const)('the connection ends with %s', (ending) => {
  const end = ending === 'fin' ? 'FIN' : 'RST';

  test('empty: the reply has no byte', async () => {
    await behave({ empty: ending });
    expect(await exchange(['GET'])).toEqual({ replies: [''], end });
    expect(await log.have('backend:broke-off')).toMatchObject([{ connection: 1, from: address, address, ending }]);
    expect(log.of('backend:response')).toEqual([]);
    await behave({ empty: 'none' });
    expect((await exchange(['GET'])).replies.map(status)).toEqual(['HTTP/1.1 200 OK']);
  });

  test.each(['GET', 'PUT', 'POST'])('closeReused: the first request is answered, and the second one, a %s, ends the connection', async (method) => {
    await behave({ closeReused: ending });
    const { replies, end: seen } = await exchange(['GET', method], method === 'GET' ? {} : { body: 'a=1' });
    expect([status(replies[0]), replies[1], seen]).toEqual(['HTTP/1.1 200 OK', '', end]);
    expect((await log.have('backend:request', 2)).map((event) => event.method)).toEqual(['GET', method]);
    expect(log.of('backend:response')).toHaveLength(1);
    // It holds for every connection, until it is healed.
    expect((await exchange(['GET', 'GET'])).end).toBe(end);
    await behave({ closeReused: 'none' });
    expect((await exchange(['GET', method])).end).toBe('open');
  });

  test('truncate: the body has half of the bytes that the headers promise', async () => {
    await behave({ truncate: ending });
    const { replies: [reply = ''], end: seen } = await exchange(['GET']);
    const [headers = '', body] = reply.split('\r\n\r\n');
    expect([/content-length: 28/i.test(headers), body, seen]).toEqual([true, 'Hello, World f', end]);
  });
});

test.each([
  ['status-line', /^garbage /],
  ['chunk', /^HTTP\/1\.1 200 OK\r\n[\s\S]*Transfer-Encoding: chunked\r\n\r\nno length\r\n/],
] as const)('malformed: %s', async (malformed, expected) => {
  await behave({ malformed });
  const { replies, end } = await exchange(['GET']);
  expect(replies[0]).toMatch(expected);
  expect(end).toBe('FIN');
});

test('dribbleMs: the whole body comes in pieces, and not before this time is over', async () => {
  const dribbleMs = 350;
  await behave({ dribbleMs });
  const start = performance.now();
  const arrivals = new Set<number>();
  const whole = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(port, address, () => socket.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n'));
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      arrivals.add(text.length);
      if (!text.endsWith(hello)) return;
      socket.destroy();
      resolve(text);
    });
  });
  expect(whole).toMatch(/content-length: 28/i);
  // Each of the seven timers of Node may fire up to a millisecond early.
  expect(performance.now() - start).toBeGreaterThan(dribbleMs - 7);
  expect(arrivals.size).toBeGreaterThan(3);
});

describe('status', () => {
  const statuses = async (count: number): Promise<string[]> => (await exchange(Array<string>(count).fill('GET'))).replies.map((reply) => reply.slice(9, 12));

  test('retryAfterS: every status but 200 has the header Retry-After', async () => {
    await behave({ status: 429, retryAfterS: 7 });
    expect((await exchange(['GET'])).replies[0]).toMatch(/^HTTP\/1\.1 429 [\s\S]*\r\nretry-after: 7\r\n/i);
    await behave({ status: 200 });
    expect((await exchange(['GET'])).replies[0]).not.toMatch(/retry-after/i);
  });

  test('failFirst: n times 503, then 200; a change of behaviour starts the count again', async () => {
    await behave({ failFirst: 2 });
    expect(await statuses(4)).toEqual(['503', '503', '200', '200']);
    await behave({ failFirst: 1 });
    expect(await statuses(2)).toEqual(['503', '200']);
  });

  test('statusPercent: a seeded share of the requests; the same change repeats the same draws', async () => {
    await behave({ status: 503, statusPercent: 30 });
    const first = await statuses(200);
    expect(new Set(first)).toEqual(new Set(['200', '503']));
    const failed = first.filter((each) => each === '503').length;
    // The expected number is 60, with a standard deviation of 6.5. The seed is fixed, so the result never changes.
    expect(failed).toBeGreaterThan(40);
    expect(failed).toBeLessThan(80);
    await behave({ statusPercent: 30 });
    expect(await statuses(200)).toEqual(first);
  });
});

describeWith('curl', 'curl', () => {
  /** Returns the exit status of curl. Its meaning: curl(1), EXIT CODES. */
  const curl = (): Promise<number> =>
    new Promise((resolve) => {
      execFile('curl', ['--silent', '--max-time', '2', `http://${address}:${port}/`], (error) => { resolve(error === null ? 0 : Number(error.code)); });
    });

  const ends: [Partial<Behaviour>, number, string][] = [
    [{ empty: 'fin' }, 52, 'empty reply from server'],
    [{ empty: 'rst' }, 56, 'failure in receiving'],
    [{ truncate: 'fin' }, 18, 'partial file'],
    [{ malformed: 'status-line' }, 1, 'unsupported protocol: HTTP/0.9'],
    [{ malformed: 'chunk' }, 56, 'failure in receiving: illegal chunk'],
    [{ stall: true }, 28, 'timeout'],
    [{ closeReused: 'rst' }, 0, 'the first request on a connection is answered'],
  ];
  test.each(ends)('with %j ends with exit status %i: %s', async (change, code) => {
    await behave(change);
    expect(await curl()).toBe(code);
  });
});
