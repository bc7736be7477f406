/**
 * Tests what the client records. The server is on loopback, and each test sets the addresses of a name. Only getaddrinfo is replaced;
 * Node makes every connection itself.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultsOf } from '../lab/vocabulary/options.ts';
import { EventLog, until } from '../lab/testing/testing.ts';
import { clientOptions, type ClientOptions } from './client-options.ts';
import { causeChain } from './cause-chain.ts';
import { createRequester } from './requester.ts';
import type { Emit } from './emit.ts';

const names = vi.hoisted(() => new Map<string, string[] | NodeJS.ErrnoException>());

vi.mock('node:dns', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:dns')>();
  const lookup = (name: string, options: object, callback: (error: Error | null, addresses: LookupAddress[]) => void): void => {
    const known = names.get(name);
    // Call the real lookup underneath, because the code that counts resolver requests must see one.
    if (known === undefined) real.lookup(name, { ...options, all: true }, callback);
    else real.lookup('localhost', { all: true }, () => {
      if (known instanceof Error) callback(known, []);
      else callback(null, known.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    });
  };
  return { ...real, lookup, default: { ...real, lookup } };
});

let server: Server;
let port: number;
let log: EventLog;
let served: { socket: Socket }[];

beforeEach(async () => {
  served = [];
  server = createServer((request, response) => {
    served.push({ socket: request.socket });
    if (request.url === '/hang') return;
    if (request.url === '/break') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => request.socket.resetAndDestroy());
    } else response.end('Hello, World\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  log = new EventLog();
  names.clear();
  names.set('web.lab.test', ['127.0.0.1']);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const create = (options: Partial<ClientOptions> = {}) => {
  // Keep the log of this test: one of its sockets may report an event after the next test has begun.
  const { add } = log;
  const emit: Emit = (event, payload, atMs = 0) => { add({ event, atMs, ...payload } as never); };
  const request = createRequester({ ...defaultsOf(clientOptions), ...options }, emit);
  return async (number: number, path = '/', host = 'web.lab.test') => (await request)(number, 'GET', `http://${host}:${port}${path}`);
};

const transports = ['fetch', 'http'] as const;

describe.each(transports)('%s', (transport) => {
  test('the first request: every step is an event, in order, with its data', async () => {
    const result = await create({ transport })(1);
    expect(result).toEqual({ ok: true, status: 200, body: 'Hello, World\n' });
    expect(log.events).toMatchObject([
      { event: 'client:request', request: 1, method: 'GET', url: `http://web.lab.test:${port}/` },
      { event: 'client:dns-start', request: 1, lookup: 1, name: 'web.lab.test', family: 0, resolver: 'lookup' },
      { event: 'client:dns-done', request: 1, lookup: 1, addresses: ['127.0.0.1'], coalesced: false },
      { event: 'client:connect-start', request: 1, connection: 1, address: '127.0.0.1', port, family: 4 },
      { event: 'client:connect-done', request: 1, connection: 1, address: '127.0.0.1', port, family: 4 },
      { event: 'client:connection', request: 1, connection: 1, reused: false, address: '127.0.0.1', port },
      { event: 'client:request-sent', request: 1 },
      { event: 'client:response-start', request: 1, status: 200 },
      { event: 'client:response', request: 1, status: 200, body: 'Hello, World' },
    ]);
    const [done] = log.of('client:connect-done');
    expect(done?.localPort).toBe(served[0]?.socket.remotePort);
  });

  test('the second request reuses the connection: no lookup, no connect', async () => {
    const request = create({ transport });
    await request(1);
    // undici takes the connection back one turn of the event loop after the end of the body.
    await turn();
    const before = log.events.length;
    await request(2);
    expect(log.events.slice(before)).toMatchObject([
      { event: 'client:request', request: 2 },
      { event: 'client:connection', request: 2, connection: 1, reused: true, address: '127.0.0.1', port },
      { event: 'client:request-sent', request: 2 },
      { event: 'client:response-start', request: 2 },
      { event: 'client:response', request: 2 },
    ]);
    expect(served[0]?.socket).toBe(served[1]?.socket);
  });

  test('without keep-alive each request has its own connection', async () => {
    const request = create({ transport, keepAlive: false });
    await request(1);
    await request(2);
    expect(log.of('client:connection').map(({ reused }) => reused)).toEqual([false, false]);
    expect(new Set(served.map(({ socket }) => socket)).size).toBe(2);
  });

  test('two requests at the same time: two lookups, neither is coalesced, and each event has the number of its request', async () => {
    const request = create({ transport });
    await Promise.all([request(1), request(2)]);
    expect(log.of('client:dns-done').map(({ coalesced }) => coalesced)).toEqual([false, false]);
    for (const number of [1, 2]) {
      expect(log.events.filter((event) => 'request' in event && event.request === number).map(({ event }) => event)).toEqual([
        'client:request', 'client:dns-start', 'client:dns-done', 'client:connect-start', 'client:connect-done', 'client:connection', 'client:request-sent', 'client:response-start', 'client:response',
      ]);
    }
    expect(new Set(log.of('client:connect-done').map(({ connection }) => connection)).size).toBe(2);
  });

  test('a request that waits for its answer keeps its number while another request is made', async () => {
    const request = create({ transport, timeoutMs: 2_000 });
    const hanging = request(1, '/hang');
    await until(() => (served.length === 1 ? true : undefined), 'the first request at the server');
    expect((await request(2)).ok).toBe(true);
    served[0]?.socket.destroy();
    expect((await hanging).ok).toBe(false);
    expect(log.of('client:error').map((event) => event.request)).toEqual([1]);
    expect(log.of('client:response').map((event) => event.request)).toEqual([2]);
  });

  test('after a refused address the client tries the next address of the answer', async () => {
    names.set('web.lab.test', ['127.0.0.2', '127.0.0.1']);
    expect((await create({ transport })(1)).ok).toBe(true);
    expect(log.events.filter(({ event }) => event.startsWith('client:connect'))).toMatchObject([
      { event: 'client:connect-start', connection: 1, address: '127.0.0.2' },
      { event: 'client:connect-failed', connection: 1, address: '127.0.0.2', error: 'ECONNREFUSED' },
      { event: 'client:connect-start', connection: 1, address: '127.0.0.1' },
      { event: 'client:connect-done', connection: 1, address: '127.0.0.1' },
      { event: 'client:connection', connection: 1, reused: false, address: '127.0.0.1' },
    ]);
  });

  test('every address refuses: the caller gets the whole chain of causes, with every member of the AggregateError', async () => {
    names.set('web.lab.test', ['127.0.0.2', '127.0.0.3', '127.0.0.4']);
    const result = await create({ transport })(1);
    expect(result).toMatchObject({ ok: false, error: 'ECONNREFUSED' });
    const { causes } = log.of('client:error')[0] ?? { causes: [] };
    const refusals = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map((address) => `connect ECONNREFUSED ${address}:${port}`);
    expect(causes).toEqual([...(transport === 'fetch' ? ['TypeError: fetch failed'] : []), 'AggregateError: ECONNREFUSED', ...refusals]);
    expect(log.of('client:connect-failed').map(({ address, error }) => [address, error])).toEqual([['127.0.0.2', 'ECONNREFUSED'], ['127.0.0.3', 'ECONNREFUSED'], ['127.0.0.4', 'ECONNREFUSED']]);
  });

  test('a name that does not resolve gives ENOTFOUND', async () => {
    names.set('nobody.lab.test', Object.assign(new Error('getaddrinfo ENOTFOUND nobody.lab.test'), { code: 'ENOTFOUND' }));
    expect(await create({ transport })(1, '/', 'nobody.lab.test')).toMatchObject({ ok: false, error: 'ENOTFOUND' });
    expect(log.of('client:dns-done')).toMatchObject([{ addresses: [], error: 'ENOTFOUND' }]);
    expect(log.of('client:error')[0]?.causes.at(-1)).toBe('getaddrinfo ENOTFOUND nobody.lab.test');
  });

  test('the server closes an idle connection: the trace reports it, and the next request opens a new connection', async () => {
    const request = create({ transport });
    await request(1);
    server.closeIdleConnections();
    await log.have('client:connection-closed');
    await request(2);
    expect(log.of('client:connection')).toMatchObject([{ connection: 1, reused: false }, { connection: 2, reused: false }]);
    expect(log.of('client:connection-closed')).toMatchObject([{ connection: 1, address: '127.0.0.1' }]);
  });

  test('a reset in the middle of the body gives ECONNRESET', async () => {
    const result = await create({ transport })(1, '/break');
    expect(result).toMatchObject({ ok: false, error: 'ECONNRESET' });
    expect(log.of('client:response-start')).toHaveLength(1);
    expect(log.of('client:response')).toEqual([]);
    expect(await log.have('client:connection-closed')).toMatchObject([{ connection: 1 }]);
  });

  test('a silent server: the request ends with TimeoutError at its time limit', async () => {
    expect(await create({ transport, timeoutMs: 1_000 })(1, '/hang')).toMatchObject({ ok: false, error: 'TimeoutError' });
    expect(log.of('client:connection')).toHaveLength(1);
  });

  test('the `family` option reaches the resolver', async () => {
    await create({ transport, family: 4 })(1);
    expect(log.of('client:dns-start')).toMatchObject([{ family: 4 }]);
  });
});

test('http refuses the `connectTimeoutMs` option', async () => {
  await expect(create({ transport: 'http', connectTimeoutMs: 100 })(1)).rejects.toThrow('The `connectTimeoutMs` option needs transport=fetch');
});

describe('causeChain', () => {
  test('lists the outermost error first, and the members of an AggregateError before its cause', () => {
    const members = new AggregateError([new Error('one'), new RangeError('two', { cause: new Error('two, why') })], 'all failed');
    expect(causeChain(new TypeError('fetch failed', { cause: members }))).toEqual(['TypeError: fetch failed', 'AggregateError: all failed', 'one', 'RangeError: two', 'two, why']);
  });

  test('handles a message that already names its error, a code without a message, and a value that is not an Error', () => {
    expect(causeChain(new TypeError('TypeError: twice'))).toEqual(['TypeError: twice']);
    expect(causeChain(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toEqual(['ECONNRESET']);
    expect(causeChain(new Error('outer', { cause: { odd: 1 } }))).toEqual(['outer', '{ odd: 1 }']);
    expect(causeChain(undefined)).toEqual([]);
  });
});
