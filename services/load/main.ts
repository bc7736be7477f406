/**
 * Many kept-alive connections to one server, some busy and some idle. It reports which connections the server tells to close, when, and
 * how each connection ends.
 *
 *   node services/load/main.ts
 *
 * It uses plain sockets and speaks HTTP/1.1 as a client with a connection pool does: one request at a time, no pipelining. After
 * `Connection: close` a connection sends no more requests (RFC 9112 section 9.6).
 */
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { emit, ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { dialWith } from '../dial.ts';
import { firstResponse } from './response.ts';

interface Connection {
  id: number;
  kind: 'busy' | 'idle';
  socket: Socket;
  /** Whether the server has sent `Connection: close`. */
  told: boolean;
  responses: number;
  timer: NodeJS.Timeout | undefined;
}

const { ca } = JSON.parse(process.argv[2] ?? '{}') as { ca?: string };
const dialing = dialWith(ca);
const connections: Connection[] = [];

/** Opens the connections and makes one request on each. The busy connections then make requests at a steady rate, each from its own random start. */
async function open({ address, port, busy, idle, requestsPerS, seed }: Record<string, unknown>): Promise<void> {
  const random = seededRandom(String(seed));
  const dial = await dialing;
  const kinds = [...Array<'busy'>(Number(busy)).fill('busy'), ...Array<'idle'>(Number(idle)).fill('idle')];
  await Promise.all(
    kinds.map(async (kind) => {
      const socket = dial(String(address), Number(port));
      await once(socket, 'connect');
      const connection: Connection = { id: connections.length + 1, kind, socket, told: false, responses: 0, timer: undefined };
      connections.push(connection);
      follow(connection);
      const answered = once(socket, 'answered');
      ask(connection);
      await answered;
      if (kind === 'idle') return;
      const intervalMs = 1000 / Number(requestsPerS);
      setTimeout(() => {
        connection.timer = setInterval(() => { ask(connection); }, intervalMs);
      }, random() * intervalMs);
    }),
  );
}

function ask({ socket, told }: Connection): void {
  if (!told && socket.writable) socket.write('GET / HTTP/1.1\r\nHost: web.lab.test\r\n\r\n');
}

/** Reads the responses and reports how the connection ends. Every server of the lab sends Content-Length. */
function follow(connection: Connection): void {
  const { socket, id, kind } = connection;
  let text = '';
  let end = 'fin';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    for (let response = firstResponse(text); response !== null; response = firstResponse(text)) {
      text = text.slice(response.bytes);
      if (++connection.responses === 1) emit('load:served', { connection: id, kind, process: response.process });
      if (response.closes && !connection.told) {
        connection.told = true;
        emit('load:told', { connection: id, kind, responses: connection.responses });
      }
      socket.emit('answered');
    }
  });
  socket.on('error', () => { end = 'rst'; });
  socket.once('close', () => {
    clearInterval(connection.timer);
    emit('load:closed', { connection: id, kind, told: connection.told, ending: end, responses: connection.responses });
  });
}

serveStdin({
  open,
  alive: () => ({ busy: aliveOf('busy'), idle: aliveOf('idle') }),
});
ready();

function aliveOf(kind: Connection['kind']): number {
  return connections.filter((connection) => connection.kind === kind && !connection.socket.closed).length;
}
