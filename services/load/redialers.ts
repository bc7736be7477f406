/**
 * Many clients, each of which keeps one connection alive to one of several servers, and dials again as soon as that one ends.
 *
 *   node services/load/redialers.ts
 *
 * Where to is drawn uniformly among all addresses; if that one refuses, uniformly among the others, and so on: the order is a shuffle.
 * A busy client dials again with its next request; these do so at once, so that nobody has to wait to see where they go.
 */
import { connect, type Socket } from 'node:net';
import { EventEmitter, once } from 'node:events';
import { emit, ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { seededRandom, shuffled, type Random } from '../../lab/vocabulary/random.ts';
import { firstResponse } from './response.ts';

interface Kept {
  address: string;
  socket: Socket;
}

let addresses: string[] = [];
let port = 0;
let random: Random = seededRandom('');
let closing = false;
let redials = 0;
const news = new EventEmitter();
/** By the client's number; a client that is dialling has none. */
const kept = new Map<number, Kept>();

async function open({ addresses: to, each, port: at, seed }: Record<string, unknown>): Promise<void> {
  addresses = to as string[];
  port = Number(at);
  random = seededRandom(`${String(seed)} redialers`);
  const firsts = addresses.flatMap((address) => Array<string>(Number(each)).fill(address));
  await Promise.all(firsts.map((address, id) => keep(id, [address])));
}

/** Connects to the first of `order` that answers, and sees to it that the client dials again when that connection ends. */
async function keep(id: number, order: readonly string[]): Promise<{ address: string; refused: number }> {
  for (const [refused, address] of order.entries()) {
    const socket = await dial(address).catch(() => null);
    if (!socket?.writable) continue;
    kept.set(id, { address, socket });
    socket.once('close', () => {
      kept.delete(id);
      // Nobody to dial is the end of this process: the lab hears of it.
      if (!closing) void redial(id);
    });
    return { address, refused };
  }
  throw new Error(`Client ${id} was answered by none of ${order.join(', ')}.`);
}

async function redial(id: number): Promise<void> {
  const { address, refused } = await keep(id, shuffled(addresses, random));
  redials++;
  emit('load:redialled', { connection: id, address, refused });
  news.emit('redialled');
}

/** A connection that was never answered is no kept one: a server that stops may reset what waits to be accepted. */
async function dial(address: string): Promise<Socket> {
  const socket = connect({ host: address, port, noDelay: true });
  // What an error comes to is seen at `close`.
  socket.setEncoding('latin1').on('error', () => undefined);
  await once(socket, 'connect');
  await exchange(socket, '/');
  return socket;
}

/** One request and its whole response. */
function exchange(socket: Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: string): void => {
      text += chunk;
      if (firstResponse(text) === null) return;
      socket.off('data', read).off('close', closed);
      resolve();
    };
    const closed = (): void => { reject(new Error('The connection ended without an answer.')); };
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
