/** The two ways in which Node programs make HTTP requests, with the same options. In both Node itself makes the connections. */
import { readFileSync } from 'node:fs';
import { getDefaultAutoSelectFamilyAttemptTimeout, type LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';
import http from 'node:http';
import type https from 'node:https';
import type { ClientHttp2Session } from 'node:http2';
import { LabError } from '../lab/vocabulary/errors.ts';
import type { ClientOptions } from './client-options.ts';

/** A response whose status and headers have arrived; `body()` reads the rest. */
export interface StartedResponse {
  status: number;
  body(): Promise<string>;
}

/** Makes a request. It resolves when the status and the headers have arrived, and rejects with the transport's own error. */
export type Transport = (method: string, url: string, signal: AbortSignal | null) => Promise<StartedResponse>;

/**
 * Returns the transport that `options.transport` names.
 * @throws {LabError} BAD_INPUT for an option that the transport does not have; NOT_SUPPORTED if this Node has no undici dispatcher.
 */
export function createTransport(options: ClientOptions, lookup: LookupFunction): Transport {
  if (options.transport === 'fetch') return fetchTransport(options, lookup);
  if (options.connectTimeoutMs !== null) {
    throw new LabError('BAD_INPUT', 'The `connectTimeoutMs` option needs transport=fetch: node:http and node:http2 have no connect timeout of their own.');
  }
  return options.http === '2' ? http2Transport(options, lookup) : httpTransport(options, lookup);
}

/**
 * The CA that a lab over HTTPS trusts, in place of those that Node knows. NODE_EXTRA_CA_CERTS would add it to them, and Node would read all of them first: 30 ms,
 * in the middle of the first handshake.
 */
function trusted(): { ca?: Buffer } {
  const file = process.env['LAB_CA_FILE'];
  return file === undefined ? {} : { ca: readFileSync(file) };
}

/** Returns the options for net.connect and tls.connect. Without `attemptDelayMs` the attempt delay is Node's default. */
function connectOptions({ family, autoSelectFamily, attemptDelayMs }: ClientOptions, lookup: LookupFunction) {
  return {
    lookup,
    ...(family === 0 ? {} : { family }),
    autoSelectFamily,
    autoSelectFamilyAttemptTimeout: attemptDelayMs ?? getDefaultAutoSelectFamilyAttemptTimeout(),
    ...trusted(),
  };
}

type Dispatcher = NonNullable<RequestInit['dispatcher']>;

/**
 * Uses the fetch that is built into Node, with its own agent. A program cannot import the built-in undici. Its Agent class is reached
 * through the global dispatcher, which undici keeps under this symbol so that all copies of undici share one dispatcher.
 */
function fetchTransport(options: ClientOptions, lookup: LookupFunction): Transport {
  // The first use of a fetch global loads undici and sets the dispatcher.
  Response.error();
  const shared = (globalThis as unknown as Record<symbol, { constructor: new (agentOptions: object) => Dispatcher }>)[Symbol.for('undici.globalDispatcher.1')];
  if (!shared) throw new LabError('NOT_SUPPORTED', `Node ${process.version} has no global undici dispatcher, which transport=fetch needs. Use transport=http.`);
  const { autoSelectFamily, autoSelectFamilyAttemptTimeout, ...connect } = connectOptions(options, lookup);
  const makeDispatcher = (): Dispatcher => new shared.constructor({
    connect: { ...connect, ...(options.connectTimeoutMs === null ? {} : { timeout: options.connectTimeoutMs }) },
    autoSelectFamily,
    autoSelectFamilyAttemptTimeout,
    // undici of this Node speaks HTTP/1.1, unless it is told to offer both.
    ...(options.http === '2' ? { allowH2: true } : {}),
    // undici: "Set to 0 to disable keep-alive connections".
    ...(options.keepAlive ? {} : { pipelining: 0 }),
  });
  if (options.keepAlive || options.http !== '2') {
    const dispatcher = makeDispatcher();
    return async (method, url, signal) => {
      const response = await fetch(url, { method, signal, dispatcher });
      return { status: response.status, body: () => response.text() };
    };
  }
  // Over HTTP/2, undici keeps a connection whatever `pipelining` says. So each request has an agent of its own.
  return async (method, url, signal) => {
    const dispatcher = makeDispatcher();
    try {
      const response = await fetch(url, { method, signal, dispatcher });
      return { status: response.status, body: async () => await response.text().finally(() => void dispatcher.close()) };
    } catch (error) {
      void dispatcher.destroy();
      throw error;
    }
  };
}

function httpTransport(options: ClientOptions, lookup: LookupFunction): Transport {
  const agent = new http.Agent({ keepAlive: options.keepAlive });
  /** node:https is loaded with the first request that needs it. */
  let secure: Promise<{ https: typeof https; agent: https.Agent }> | undefined;
  const connect = connectOptions(options, lookup);
  return async (method, url, signal) => {
    const own = { method, ...connect, ...(signal ? { signal } : {}) };
    const loaded = url.startsWith('https:') ? await (secure ??= import('node:https').then(({ default: module }) => ({ https: module, agent: new module.Agent({ keepAlive: options.keepAlive }) }))) : null;
    return await new Promise((resolve, reject) => {
      const outgoing = loaded ? loaded.https.request(url, { ...own, agent: loaded.agent }) : http.request(url, { ...own, agent });
      outgoing.once('response', (response) => {
        resolve({ status: response.statusCode ?? 0, body: () => text(response) });
      });
      outgoing.once('error', reject);
      outgoing.end();
    });
  };
}

/** node:http2 with one session for each origin, as its documentation uses it: a session that has ended, or that the server ends, is replaced at the next request. */
function http2Transport(options: ClientOptions, lookup: LookupFunction): Transport {
  const connect = connectOptions(options, lookup);
  const sessions = new Map<string, ClientHttp2Session>();
  return async (method, url, signal) => {
    const { default: http2 } = await import('node:http2');
    const { origin, pathname, search } = new URL(url);
    let session = sessions.get(origin);
    if (!session || session.closed || session.destroyed) {
      const made = http2.connect(origin, connect);
      // Each stream gets the error, too.
      made.on('error', () => undefined);
      // After GOAWAY, new streams need another session. The session itself closes when its streams are done.
      made.once('goaway', () => { if (sessions.get(origin) === made) sessions.delete(origin); });
      if (options.keepAlive) sessions.set(origin, made);
      session = made;
    }
    const own = session;
    return await new Promise((resolve, reject) => {
      const stream = own.request({ ':method': method, ':path': `${pathname}${search}` }, { endStream: true, ...(signal ? { signal } : {}) });
      stream.once('response', (headers) => { resolve({ status: Number(headers[':status']), body: () => text(stream) }); });
      stream.once('error', reject);
      stream.once('close', () => {
        reject(new Error('The stream ended before its response began.'));
        if (!options.keepAlive) own.close();
      });
    });
  };
}
