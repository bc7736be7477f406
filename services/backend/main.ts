/**
 * A backend: `Hello, World from <the address it was reached at>` (S1), with keep-alive like a real server.
 *
 *   node services/backend/main.ts '{"listen":["198.51.100.11","2001:db8:1::11"],"port":8080,"seed":"1"}'
 */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isIP, Server as NetServer, type Socket } from 'node:net';
import type { Worker } from 'node:worker_threads';
import fastify, { type FastifyRequest } from 'fastify';
import { emit, ready } from '../../lab/vocabulary/control.ts';
import { serveControl } from '../control.ts';
import { seededRandom, type Random } from '../../lab/vocabulary/random.ts';
import { changeBehaviour, healthy, type Ending } from './behaviour.ts';
import { Connections } from './connections.ts';
import { listenDeaf } from './deaf.ts';
import { startHandOver, type HandOver } from './hand-over.ts';
import { breakOff, isBroken, replyBroken, retryAfter } from './reply.ts';

/** How to start a backend; the lab writes it, one JSON argument. */
export interface BackendOptions {
  listen: string[];
  port: number;
  /** Repeats every draw exactly. */
  seed: string;
  /** Lets a process that takes over listen beside this one (SO_REUSEPORT, socket(7)), as Envoy's do. */
  sharePort?: boolean;
}

/** nginx's and Envoy-like servers' order of magnitude: idle connections live longer than any scenario. */
const keepAliveTimeoutMs = 75_000;
/** After SIGTERM, requests in flight may end within this time. */
let drainMs = 5_000;

const { listen: addresses, port, seed, sharePort = false } = JSON.parse(process.argv[2] ?? '{}') as BackendOptions;
let behaviour = { ...healthy };
let stopping = false;
/** Set when another process has taken over. */
let handOver: HandOver | undefined;
/** Addresses that are listened on no more because of a drain. */
const drained: string[] = [];
/** Sockets that listen and are never accepted from, by address. */
const deaf = new Map<string, Worker>();
const behaviourOfConnections = new Connections();
/** What listens now, by address. */
const servers = new Map<string, Server>();
/** What stopped listening, and still has its established connections. */
const refused: Server[] = [];
const connections = new Map<Socket, { id: number; from: string; address: string; requests: number }>();
let lastConnection = 0;

/** Of each client address: how many requests for each URL came since the count began, and what its draws are made from. */
const clients = new Map<string, { requests: Map<string, number>; random: Random }>();

const app = fastify({ logger: false });
// Any body is welcome, and nobody looks at it.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => { done(null); });

app.all('/', async (request, reply) => {
  // What is in force when the request arrives holds for all of its reply.
  const asked = behaviour;
  const { delayMs, retryAfterS } = asked;
  const status = statusFor(request.socket.remoteAddress ?? '', request.url);
  const body = `Hello, World from ${request.socket.localAddress ?? ''}\n`;
  if (delayMs > 0) await sleep(delayMs);
  if (isBroken(asked)) {
    reply.hijack();
    const ending = await replyBroken(request.raw, reply.raw, asked, { status, retryAfterS, body });
    if (ending !== null) emitBrokeOff(request, ending);
    return;
  }
  await reply.code(status).headers(retryAfter(status, retryAfterS)).type('text/plain').send(body);
});

/** Counted and drawn for each client address by itself, so that whoever else looks changes nothing for it. */
function statusFor(from: string, url: string): number {
  const client = clients.get(from) ?? { requests: new Map<string, number>(), random: seededRandom([seed, ...addresses, from].join()) };
  clients.set(from, client);
  const before = client.requests.get(url) ?? 0;
  client.requests.set(url, before + 1);
  if (before < behaviour.failFirst) return 503;
  return behaviour.statusPercent === 100 || client.random() * 100 < behaviour.statusPercent ? behaviour.status : 200;
}

function emitBrokeOff({ raw: { socket } }: FastifyRequest, ending: Ending): void {
  const connection = connections.get(socket);
  if (connection) emit('backend:broke-off', { connection: connection.id, from: connection.from, address: connection.address, ending });
}

/** A body of a known size, for measuring a throttled link. */
app.get<{ Params: { bytes: string } }>('/bytes/:bytes', async (request, reply) => {
  await reply.type('application/octet-stream').send(Buffer.alloc(Math.min(Number(request.params.bytes) || 0, 1 << 24)));
});

app.addHook('onRequest', async (request, reply) => {
  const connection = connections.get(request.socket);
  if (!connection) return;
  connection.requests++;
  emit('backend:request', { connection: connection.id, from: connection.from, method: request.method, path: request.url, address: connection.address });
  if (behaviour.closeReused !== 'none' && connection.requests > 1) {
    reply.hijack();
    breakOff(request.raw, behaviour.closeReused);
    emitBrokeOff(request, behaviour.closeReused);
    return;
  }
  // Not awaited: a reply is a thenable that resolves when it has been sent.
  if (behaviour.closeAfter > 0 && connection.requests >= behaviour.closeAfter) void reply.header('connection', 'close');
});

// A connection that was busy at SIGTERM ends with its response; Node would keep it for a next request.
app.addHook('onSend', async (_request, reply) => {
  // Which process it was that answered, where two share the port.
  void reply.header('x-process', String(process.pid));
  if (stopping || drained.length > 0 || handOver?.tells()) void reply.header('connection', 'close');
});

app.addHook('onResponse', async (request, reply) => {
  const connection = connections.get(request.socket);
  if (connection) emit('backend:response', { connection: connection.id, from: connection.from, status: reply.statusCode, address: connection.address });
});

function track(socket: Socket): void {
  const connection = { id: ++lastConnection, from: socket.remoteAddress ?? '', address: socket.localAddress ?? '', requests: 0 };
  const { id, from, address } = connection;
  connections.set(socket, connection);
  behaviourOfConnections.add(socket, (ending) => { emit('backend:broke-off', { connection: id, from, address, ending }); });
  emit('backend:accept', { connection: id, from, fromPort: socket.remotePort ?? 0, address });
  socket.once('close', () => {
    connections.delete(socket);
    emit('backend:close', { connection: id, from, address });
  });
}

/** One listener an address, so that one family alone can be refused. */
async function listen(address: string): Promise<void> {
  await deaf.get(address)?.terminate();
  deaf.delete(address);
  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    app.routing(request, response);
  });
  server.on('connection', track);
  server.listen({ port, host: address, reusePort: sharePort });
  await once(server, 'listening');
  servers.set(address, server);
}

/** By family, so that it means the same to a process that listens elsewhere (lab/faults/move.ts). */
function addressOf(family: unknown): string {
  const address = addresses.find((each) => isIP(each) === family);
  if (address === undefined) throw new Error(`Expected the family of one of ${addresses.join(', ')}, got ${JSON.stringify(family)}.`);
  return address;
}

/** Stops accepting on `address`; the kernel answers with RST. Established connections stay. */
function refuse(address: string): void {
  const server = servers.get(address);
  if (!server) throw new Error(`Not listening on ${address}. Listening on: ${[...servers.keys()].join(', ') || 'none'}.`);
  servers.delete(address);
  refused.push(server);
  // net.Server's close: http.Server's own would end the idle connections too.
  NetServer.prototype.close.call(server);
}

function closeIdleConnections(): void {
  for (const server of [...servers.values(), ...refused]) server.closeIdleConnections();
}

process.on('SIGTERM', () => {
  emit('backend:stopping', { connections: connections.size });
  stopping = true;
  for (const server of servers.values()) server.close();
  for (const server of refused) server.closeIdleConnections();
  setTimeout(() => process.exit(0), drainMs).unref();
  const exitWhenDone = (): void => {
    if (connections.size === 0) process.exit(0);
  };
  for (const socket of connections.keys()) socket.once('close', () => setImmediate(exitWhenDone));
  exitWhenDone();
});

await app.ready();
try {
  await Promise.all(addresses.map(listen));
} catch (error) {
  console.error(`backend: cannot listen on ${addresses.join(', ')} port ${port}: ${(error as Error).message}`);
  process.exit(1);
}
await serveControl({
  behaviour: (change) => {
    behaviour = changeBehaviour(behaviour, change);
    if ('failFirst' in change || 'statusPercent' in change) clients.clear();
    emit('backend:behaviour', { change: JSON.stringify(change) });
    return behaviour;
  },
  refuse: ({ family }) => {
    refuse(addressOf(family));
  },
  listen: ({ family }) => listen(addressOf(family)),
  'hand-over': ({ drainMs, shutdownMs }) => {
    handOver = startHandOver(Number(drainMs), seededRandom(`${seed} hand-over`));
    for (const address of [...servers.keys()]) refuse(address);
    setTimeout(() => process.exit(0), Number(shutdownMs));
    emit('backend:hand-over', { connections: connections.size, drainMs: Number(drainMs), shutdownMs: Number(shutdownMs) });
  },
  /** Listens on, with a backlog, and accepts no more. */
  deafen: async ({ family, backlog }) => {
    const address = addressOf(family);
    refuse(address);
    deaf.set(address, await listenDeaf({ address, port, backlog: Number(backlog) }));
  },
  connections: (change) => behaviourOfConnections.set(change),
  'close-idle': closeIdleConnections,
  'drain-time': ({ drainMs: ms }) => {
    drainMs = Number(ms);
  },
  drain: ({ idle }) => {
    drained.push(...servers.keys());
    for (const address of drained) refuse(address);
    if (idle === 'close') closeIdleConnections();
  },
  undrain: async () => {
    for (const address of drained.splice(0)) await listen(address);
  },
});
ready();
