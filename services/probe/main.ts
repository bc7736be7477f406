/**
 * The observer's eye: looks at backends and DNS from a host of its own, so that a fault is believed only when it is seen,
 * and the client's traffic stays the client's.
 */
import { connect } from 'node:net';
import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { nowMs } from '../../lab/vocabulary/events.ts';
import { ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { ask } from './ask.ts';
import { exchange } from './exchange.ts';
import { heldCommands } from './held.ts';
import type { PingRequest } from './ping.ts';

/** `outcome` is `connected`, `response`, `silent` (nothing within the time), or an error code as the kernel names it. */
export interface Sighting {
  outcome: string;
  /** When the probe began, on the lab's clock. */
  startMs: number;
  tookMs: number;
  /** Bytes of the response's body. */
  bytes?: number;
  status?: number;
  /** The server's process that answered, by its own word (x-process). */
  process?: string;
}

/** One connect, closed as soon as it is made. */
export function probeConnect(address: string, port: number, timeoutMs: number): Promise<Sighting> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    const done = (outcome: string): void => {
      socket.destroy();
      clearTimeout(timer);
      resolve({ outcome, startMs, tookMs: nowMs() - startMs });
    };
    // What the kernel holds for this process already comes before the verdict: a busy machine is not silence.
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

/** One GET on a connection of its own, timed to the end of the body. */
export function probeGet(address: string, port: number, path: string, timeoutMs: number): Promise<Sighting> {
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
    const outgoing = request({ host: address, port, path, agent: false });
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

/** One A query to `server`, which the DNS server answers whatever its policy for the name is. */
async function probeDns(server: string, name: string, timeoutMs: number): Promise<Sighting> {
  const startMs = nowMs();
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([server.includes(':') ? `[${server}]` : server]);
  const outcome = await resolver.resolve4(name).then(
    () => 'response',
    // c-ares' word for silence.
    (error: unknown) => ((error as NodeJS.ErrnoException).code ?? String(error)).replace('ETIMEOUT', 'silent'),
  );
  return { outcome, startMs, tookMs: nowMs() - startMs };
}

serveStdin({
  connect: ({ address, port, timeoutMs }) => probeConnect(String(address), Number(port), Number(timeoutMs)),
  get: ({ address, port, path, timeoutMs }) => probeGet(String(address), Number(port), String(path), Number(timeoutMs)),
  exchange: ({ address, port, path, requests, timeoutMs }) => exchange(String(address), Number(port), String(path), Number(requests), Number(timeoutMs)),
  ...heldCommands,
  ask: ({ server, port, transport, name, type, timeoutMs }) => ask(String(server), Number(port), transport === 'tcp' ? 'tcp' : 'udp', String(name), String(type), Number(timeoutMs)),
  // Loaded when it is asked for: most runs have no need of raw sockets.
  echo: async (request) => (await import('./ping.ts')).ping(request as unknown as PingRequest),
  dns: ({ server, name, timeoutMs }) => probeDns(String(server), String(name), Number(timeoutMs)),
});
ready();
