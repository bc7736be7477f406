/**
 * Records what a transport does, with hooks only: diagnostics channels, socket events, a wrapped lookup.
 * It makes no connection, no parallel attempt and no retry. Without it the client sends the same packets.
 *
 * Each request runs in an AsyncLocalStorage context, which shows for which request a socket is made.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Emit } from './emit.ts';
import type { LookupRecord } from './resolvers.ts';

/** A connection that the program has opened. */
interface Connection {
  id: number;
  requests: number;
}

export interface Trace {
  /** Runs `request`. Every event that it causes carries `requestNumber`. */
  run<T>(requestNumber: number, request: () => Promise<T>): Promise<T>;
  /** Returns the `record` argument of createLookup. Its events carry the name of the resolver. */
  lookupRecord(resolver: string): () => LookupRecord;
}

/** Subscribes to the diagnostics channels of Node and undici, and reports the events of each request to `emit`. */
export function startTrace(emit: Emit, secure: typeof import('./tls-trace.ts') | null = null): Trace {
  const current = new AsyncLocalStorage<number>();
  const connections = new WeakMap<Socket, Connection>();
  /** The same by local port: HTTP/2 shows its socket by a proxy only. */
  const byLocalPort = new Map<number, Connection>();
  let lastConnection = 0;
  let lastLookup = 0;

  const obtained = (request: number, socket: Socket): void => {
    const connection = connections.get(socket) ?? byLocalPort.get(socket.localPort ?? 0);
    if (!connection) return;
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    emit('client:connection', { request, connection: connection.id, reused: connection.requests++ > 0, address, port });
  };

  /** The request of undici whose stream of HTTP/2 is made next, in the same turn. */
  let sending: number | null = null;

  // Node publishes this for each socket that net.connect makes, before the lookup and the connect.
  subscribe('net.client.socket', (message) => {
    const request = current.getStore();
    if (request === undefined) return;
    const { socket } = message as { socket: Socket };
    const connection = { id: ++lastConnection, requests: 0 };
    connections.set(socket, connection);
    traceSocket(socket, request, connection.id, emit);
    if (!isTls(socket)) return;
    secure?.traceHandshake(socket, request, connection.id, emit);
    socket.once('connect', () => {
      const { localPort = 0 } = socket;
      byLocalPort.set(localPort, connection);
      socket.once('close', () => { if (byLocalPort.get(localPort) === connection) byLocalPort.delete(localPort); });
    });
  });
  secure?.watchSessions((session) => {
    const connection = byLocalPort.get(session.socket.localPort ?? 0);
    if (connection) secure.traceSession(session, connection.id, emit);
  });
  secure?.watchStreams((stream) => {
    const isFetch = sending !== null;
    const request = sending ?? current.getStore();
    sending = null;
    if (request === undefined) return undefined;
    const { session } = stream;
    if (!isFetch && session) {
      if (session.connecting) session.once('connect', () => { obtained(request, session.socket); });
      else obtained(request, session.socket);
      stream.once('ready', () => { emit('client:request-sent', { request }); });
    }
    return (error) => { emit('client:h2-reset', { request, error }); };
  });

  // fetch uses undici. Its request object links the creation of a request with the socket that the request gets later.
  const undiciRequests = new WeakMap<object, number>();
  subscribe('undici:request:create', (message) => {
    const request = current.getStore();
    if (request !== undefined) undiciRequests.set((message as { request: object }).request, request);
  });
  subscribe('undici:client:sendHeaders', (message) => {
    const { request: key, socket } = message as { request: object; socket: Socket };
    const request = undiciRequests.get(key);
    if (request === undefined) return;
    obtained(request, socket);
    if (isTls(socket) && socket.alpnProtocol === 'h2') sending = request;
  });
  subscribe('undici:request:bodySent', (message) => {
    const request = undiciRequests.get((message as { request: object }).request);
    if (request !== undefined) emit('client:request-sent', { request });
  });

  subscribe('http.client.request.created', (message) => {
    const request = current.getStore();
    if (request === undefined) return;
    const { request: outgoing } = message as { request: ClientRequest };
    outgoing.once('socket', (socket) => {
      // Node has `secureConnecting` on each TLSSocket, and its types lack it.
      const isPending = socket.connecting || (isTls(socket) && (socket as TLSSocket & { secureConnecting: boolean }).secureConnecting);
      if (isPending) socket.once(isTls(socket) ? 'secureConnect' : 'connect', () => { obtained(request, socket); });
      else obtained(request, socket);
    });
    outgoing.once('finish', () => { emit('client:request-sent', { request }); });
  });

  return {
    run: (requestNumber, request) => current.run(requestNumber, request),
    lookupRecord: (resolver) => () => {
      const request = current.getStore() ?? 0;
      const lookup = ++lastLookup;
      return {
        onStart: (name, family) => { emit('client:dns-start', { request, lookup, name, family, resolver }); },
        onDone: (result) => { emit('client:dns-done', { request, lookup, ...result }); },
      };
    },
  };
}

/** A TLSSocket says so by this property (Node, tls.TLSSocket). */
function isTls(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket;
}

/** Reports the connection events of one socket: https://nodejs.org/docs/latest-v24.x/api/net.html#event-connectionattempt */
function traceSocket(socket: Socket, request: number, connection: number, emit: Emit): void {
  const attempt = (address: string, port: number, family: number) => ({ request, connection, address, port, family });
  let attempted: ReturnType<typeof attempt> | undefined;
  let established = '';
  let error: string | undefined;
  socket.on('connectionAttempt', (address: string, port: number, family: number) => {
    attempted = attempt(address, port, family);
    emit('client:connect-start', attempted);
  });
  socket.on('connectionAttemptFailed', (address: string, port: number, family: number, failure: NodeJS.ErrnoException) => {
    if (attempted?.address === address) attempted = undefined;
    emit('client:connect-failed', { ...attempt(address, port, family), error: failure.code ?? failure.message });
  });
  socket.on('connectionAttemptTimeout', (address: string, port: number, family: number) => {
    if (attempted?.address === address) attempted = undefined;
    emit('client:connect-timeout', attempt(address, port, family));
  });
  socket.prependOnceListener('connect', () => {
    established = socket.remoteAddress ?? '';
    emit('client:connect-done', {
      ...attempt(established, socket.remotePort ?? 0, socket.remoteFamily === 'IPv6' ? 6 : 4),
      localPort: socket.localPort ?? 0,
    });
  });
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code ?? failure.message;
  });
  socket.once('close', () => {
    if (established) emit('client:connection-closed', { connection, address: established, ...(error ? { error } : {}) });
    // The transport gave up while an attempt was still open, because of its own timeout or an abort.
    else if (attempted) emit('client:connect-failed', { ...attempted, error: error ?? 'ABORTED' });
  });
}
