/**
 * The observer. It looks at the backends and the DNS server from its own host. So the lab believes a fault only when the observer sees it,
 * and the client's traffic contains no packets of the lab.
 */
import { connect } from 'node:net';
import { Resolver } from 'node:dns/promises';
import http from 'node:http';
import { nowMs } from '../../lab/vocabulary/events.ts';
import { ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { dialWith, type Dial } from '../dial.ts';
import { exchange } from './exchange.ts';
import { heldCommands } from './held.ts';
import type { HandshakeRequest } from './handshake.ts';
import type { Http2Steps } from './http2.ts';
import type { PingRequest } from './ping.ts';
import type { Sighting } from './sighting.ts';

/** Makes one TCP connection and closes it as soon as it is established. */
export function probeConnect(address: string, port: number, timeoutMs: number): Promise<Sighting> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    const done = (outcome: string): void => {
      socket.destroy();
      clearTimeout(timer);
      resolve({ outcome, startMs, tookMs: nowMs() - startMs });
    };
    // First handle the data that the kernel already holds: on a busy machine this process is late, and the host is not silent.
    const timer = setTimeout(() => { setImmediate(done, 'silent'); }, timeoutMs);
    const socket = connect({ host: address, port });
    socket.once('connect', () => {
      done('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      done(error.code ?? error.message);
    });
  });
}

/** Makes one GET on a new connection. `tookMs` ends with the end of the body. */
export function probeGet(address: string, port: number, path: string, timeoutMs: number, dial: Dial): Promise<Sighting> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    let connected = false;
    const done = (outcome: string, more: Partial<Sighting> = {}): void => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve({ outcome, startMs, tookMs: nowMs() - startMs, ...more });
    };
    const timer = setTimeout(() => {
      setImmediate(() => { done(connected ? 'connected, then silent' : 'silent'); });
    }, timeoutMs);
    const outgoing = http.request({ host: address, port, path, createConnection: () => dial(address, port) });
    outgoing.once('socket', (socket) => socket.once('connect', () => (connected = true)));
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      done(error.code ?? error.message);
    });
    outgoing.once('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.once('end', () => {
        done('response', { bytes, status: response.statusCode ?? 0, process: String(response.headers['x-process'] ?? '') });
      });
    });
    outgoing.end();
  });
}

/** Sends one A query for `name` to `server`. The lab gives a name that the DNS server answers with any policy. */
async function probeDns(server: string, name: string, timeoutMs: number): Promise<Sighting> {
  const startMs = nowMs();
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([server.includes(':') ? `[${server}]` : server]);
  const outcome = await resolver.resolve4(name).then(
    () => 'response',
    // ETIMEOUT is c-ares' code for a silent server.
    (error: unknown) => ((error as NodeJS.ErrnoException).code ?? String(error)).replace('ETIMEOUT', 'silent'),
  );
  return { outcome, startMs, tookMs: nowMs() - startMs };
}

/** The certificate of the lab's CA, where the backends speak TLS. */
const { ca } = JSON.parse(process.argv[2] ?? '{}') as { ca?: string };
void dialWith(ca).then((dial) => {
  serveStdin({
    connect: ({ address, port, timeoutMs }) => probeConnect(String(address), Number(port), Number(timeoutMs)),
    get: ({ address, port, path, timeoutMs }) => probeGet(String(address), Number(port), String(path), Number(timeoutMs), dial),
    datagram: async ({ address, port, timeoutMs }) => (await import('./datagram.ts')).probeDatagram(String(address), Number(port), Number(timeoutMs)),
    exchange: ({ address, port, path, requests, timeoutMs }) => exchange(String(address), Number(port), String(path), Number(requests), Number(timeoutMs), dial),
    ...heldCommands(dial),
    // Only a fault of HTTP/2 needs it.
    http2: async (given) => (await import('./http2.ts')).exchangeHttp2({ ...(given as unknown as Omit<Http2Steps, 'ca'>), ca: ca ?? '' }),
    // dns2 loads http, https and http2 with it: 13 ms of CPU, which a lab without a DNS fault does not pay.
    ask: async ({ server, port, transport, name, type, timeoutMs }) =>
      (await import('./ask.ts')).ask(String(server), Number(port), transport === 'tcp' ? 'tcp' : 'udp', String(name), String(type), Number(timeoutMs)),
    // Loaded with the first look at a fault of TLS.
    handshake: async (request) => (await import('./handshake.ts')).shakeHands({ ...(request as unknown as HandshakeRequest), ca: ca ?? '' }),
    // The module is loaded only when needed, because most runs use no raw sockets.
    echo: async (request) => (await import('./ping.ts')).ping(request as unknown as PingRequest),
    dns: ({ server, name, timeoutMs }) => probeDns(String(server), String(name), Number(timeoutMs)),
  });
  ready();
});
