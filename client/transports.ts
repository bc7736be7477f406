/** The two ways Node programs make HTTP requests, configured alike. Each leaves connecting to Node. */
import { Agent, request as httpRequest } from 'node:http';
import { getDefaultAutoSelectFamilyAttemptTimeout, type LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';
import { LabError } from '../lab/vocabulary/errors.ts';
import type { ClientOptions } from './client-options.ts';

export interface StartedResponse {
  status: number;
  body(): Promise<string>;
}

/** Resolves when status and headers are there; rejects with what the transport gives its caller. */
export type Transport = (method: string, url: string, signal: AbortSignal | null) => Promise<StartedResponse>;

/** @throws {LabError} BAD_INPUT for an option that the transport does not have. */
export function createTransport(options: ClientOptions, lookup: LookupFunction): Transport {
  return options.transport === 'fetch' ? fetchTransport(options, lookup) : httpTransport(options, lookup);
}

/** What net.connect is given; the attempt delay only where it was asked for, so that Node's default stays Node's. */
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
 * fetch as built into this Node, with an agent of its own. The built-in undici is not importable; its Agent class is reached
 * through the global dispatcher, which undici keeps under this symbol so that all copies of it share one.
 */
function fetchTransport(options: ClientOptions, lookup: LookupFunction): Transport {
  // The first use of a fetch global is what loads undici and sets the dispatcher.
  Response.error();
  const shared = (globalThis as unknown as Record<symbol, { constructor: new (agentOptions: object) => Dispatcher }>)[Symbol.for('undici.globalDispatcher.1')];
  if (!shared) throw new LabError('NOT_SUPPORTED', `Node ${process.version} has no global undici dispatcher; use transport=http.`);
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
  const agent = new Agent({ keepAlive: options.keepAlive });
  const connect = connectOptions(options, lookup);
  return (method, url, signal) =>
    new Promise((resolve, reject) => {
      const outgoing = httpRequest(url, { method, agent, ...connect, ...(signal ? { signal } : {}) });
      outgoing.once('response', (response) => {
        resolve({ status: response.statusCode ?? 0, body: () => text(response) });
      });
      outgoing.once('error', reject);
      outgoing.end();
    });
}
