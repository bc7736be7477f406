/** The two ways in which Node programs make HTTP requests, with the same options. In both Node itself makes the connections. */
import { getDefaultAutoSelectFamilyAttemptTimeout, type LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';
import http from 'node:http';
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
  return options.transport === 'fetch' ? fetchTransport(options, lookup) : httpTransport(options, lookup);
}

/** Returns the options for net.connect. Without `attemptDelayMs` the attempt delay is Node's default. */
function connectOptions({ family, autoSelectFamily, attemptDelayMs }: ClientOptions, lookup: LookupFunction) {
  return {
    lookup,
    ...(family === 0 ? {} : { family }),
    autoSelectFamily,
    autoSelectFamilyAttemptTimeout: attemptDelayMs ?? getDefaultAutoSelectFamilyAttemptTimeout(),
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
  const dispatcher = new shared.constructor({
    connect: { ...connect, ...(options.connectTimeoutMs === null ? {} : { timeout: options.connectTimeoutMs }) },
    autoSelectFamily,
    autoSelectFamilyAttemptTimeout,
    // undici: "Set to 0 to disable keep-alive connections".
    ...(options.keepAlive ? {} : { pipelining: 0 }),
  });
  return async (method, url, signal) => {
    const response = await fetch(url, { method, signal, dispatcher });
    return { status: response.status, body: () => response.text() };
  };
}

function httpTransport(options: ClientOptions, lookup: LookupFunction): Transport {
  if (options.connectTimeoutMs !== null) {
    throw new LabError('BAD_INPUT', 'The `connectTimeoutMs` option needs transport=fetch: node:http has no connect timeout of its own.');
  }
  const agent = new http.Agent({ keepAlive: options.keepAlive });
  const connect = connectOptions(options, lookup);
  return (method, url, signal) =>
    new Promise((resolve, reject) => {
      const outgoing = http.request(url, { method, agent, ...connect, ...(signal ? { signal } : {}) });
      outgoing.once('response', (response) => {
        resolve({ status: response.statusCode ?? 0, body: () => text(response) });
      });
      outgoing.once('error', reject);
      outgoing.end();
    });
}
