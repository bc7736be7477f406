/** Records the TLS handshakes of a program, and its sessions of HTTP/2. Loaded only for URLs with https. */
import { subscribe } from 'node:diagnostics_channel';
import http2, { constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Emit } from './emit.ts';
import { http2ErrorName } from '../lab/vocabulary/http2-frame.ts';
import { causeChain } from './cause-chain.ts';

/** Reports the handshake on a socket that has just been made: it begins when TCP is connected. `request` is the request for which the connection is made. */
export function traceHandshake(socket: TLSSocket, request: number, connection: number, emit: Emit): void {
  let address = '';
  let isDone = false;
  socket.prependOnceListener('connect', () => {
    address = socket.remoteAddress ?? '';
    emit('client:tls-start', { request, connection, address });
  });
  socket.prependOnceListener('secureConnect', () => {
    isDone = true;
    emit('client:tls-done', {
      request,
      connection,
      address,
      version: (socket.getProtocol() ?? '').replace(/^TLSv/, 'TLS '),
      cipher: socket.getCipher().standardName,
      alpn: socket.alpnProtocol || '',
      resumed: socket.isSessionReused(),
      issuer: (socket.getPeerX509Certificate()?.issuer ?? '').split('\n').find((line) => line.startsWith('CN='))?.slice(3) ?? '',
    });
  });
  // TLS 1.3 sends tickets after the handshake, TLS 1.2 within it.
  socket.on('session', () => { emit('client:tls-session', { connection, address }); });
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    if (address !== '' && !isDone) emit('client:tls-failed', { request, connection, address, error: failure.code ?? failure.message, causes: causeChain(failure) });
    isDone = true;
  });
}

/** Calls `onSession` for each session of HTTP/2 that a program begins, when its connection is there. */
export function watchSessions(onSession: (session: ClientHttp2Session) => void): void {
  const original = http2.connect;
  http2.connect = ((...args: Parameters<typeof original>) => {
    const session = original(...args);
    session.once('connect', () => { onSession(session); });
    return session;
  }) as typeof original;
}

/** Calls `onStream` for each request of HTTP/2. What it returns is called if the stream is reset, with the name of the error. */
export function watchStreams(onStream: (stream: ClientHttp2Stream) => ((error: string) => void) | undefined): void {
  subscribe('http2.client.stream.created', (message) => {
    const { stream } = message as { stream: ClientHttp2Stream };
    const onReset = onStream(stream);
    stream.once('close', () => { if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) onReset?.(http2ErrorName(stream.rstCode)); });
  });
}

/** Reports a session of HTTP/2 on a connection. */
export function traceSession(session: ClientHttp2Session, connection: number, emit: Emit): void {
  const address = session.socket.remoteAddress ?? '';
  emit('client:h2-session', { connection, address });
  session.on('goaway', (code: number, lastStream: number) => { emit('client:h2-goaway', { connection, address, error: http2ErrorName(code), lastStream }); });
}
