/**
 * Many clients. Each client keeps one connection alive to one of several servers, and dials again as soon as that connection ends.
 *
 *   node services/load/redialers.ts
 *
 * A client dials the addresses in a shuffled order, so the first address is drawn uniformly among all addresses. If it refuses, the next
 * one is drawn uniformly among the others, and so on. A busy client would dial again with its next request. These clients dial at once,
 * so that the lab need not wait to see the new address.
 */
import type { Socket } from 'node:net';
import { EventEmitter, once } from 'node:events';
import { emit, ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { seededRandom, shuffled, type Random } from '../../lab/vocabulary/random.ts';
import { dialWith } from '../dial.ts';
import { firstResponse } from './response.ts';

interface Kept {
  address: string;
  socket: Socket;
}

const { ca } = JSON.parse(process.argv[2] ?? '{}') as { ca?: string };
const dialing = dialWith(ca);
let addresses: string[] = [];
let port = 0;
let random: Random = seededRandom('');
let closing = false;
let redials = 0;
const news = new EventEmitter();
/** The connection of each client, by the client's number. A client that is dialling has no entry. */
const kept = new Map<number, Kept>();

async function open({ addresses: to, each, port: at, seed }: Record<string, unknown>): Promise<void> {
  addresses = to as string[];
  port = Number(at);
  random = seededRandom(`${String(seed)} redialers`);
  const firsts = addresses.flatMap((address) => Array<string>(Number(each)).fill(address));
  await Promise.all(firsts.map((address, id) => keep(id, [address])));
}

/**
 * Connects a client to the first address of `order` that answers. When that connection ends, the client dials again.
 * @throws {Error} if no address answers.
 */
async function keep(id: number, order: readonly string[]): Promise<{ address: string; refused: number }> {
  for (const [refused, address] of order.entries()) {
    const socket = await dial(address).catch(() => null);
    if (!socket?.writable) continue;
    kept.set(id, { address, socket });
    socket.once('close', () => {
      kept.delete(id);
      // If no address answers, the unhandled rejection ends this process, and the lab reports it.
      if (!closing) void redial(id);
    });
    return { address, refused };
  }
  throw new Error(`No address answered client ${id}. It tried ${order.join(', ')}.`);
}

async function redial(id: number): Promise<void> {
  const { address, refused } = await keep(id, shuffled(addresses, random));
  redials++;
  emit('load:redialled', { connection: id, address, refused });
  news.emit('redialled');
}

/** Connects and makes one request. Only an answer proves that the server has accepted the connection: a server that stops may reset waiting ones. */
async function dial(address: string): Promise<Socket> {
  const socket = (await dialing)(address, port);
  // An error is always followed by `close`, which is handled.
  socket.setEncoding('latin1').on('error', () => undefined);
  await once(socket, 'connect');
  await exchange(socket, '/');
  return socket;
}

/** Makes one request and resolves when the response is whole. */
function exchange(socket: Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: string): void => {
      text += chunk;
      if (firstResponse(text) === null) return;
      socket.off('data', read).off('close', closed);
      resolve();
    };
    const closed = (): void => { reject(new Error('The connection ended before the response was whole.')); };
    socket.on('data', read).once('close', closed);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: web.lab.test\r\n\r\n`);
  });
}

serveStdin({
  open,
  ask: async ({ path }) => { await Promise.all([...kept.values()].map(({ socket }) => exchange(socket, String(path)))); },
  state: () => ({ perAddress: Object.fromEntries(addresses.map((address) => [address, [...kept.values()].filter((each) => each.address === address).length])), redialled: redials }),
  redialled: async ({ count }) => {
    while (redials < Number(count)) await once(news, 'redialled');
  },
  close: async () => {
    closing = true;
    await Promise.all([...kept.values()].map(async ({ socket }) => {
      const closed = once(socket, 'close');
      socket.end();
      await closed;
    }));
  },
});
ready();
