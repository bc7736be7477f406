/**
 * Many kept connections of HTTP/2 to one server, some busy and some idle, as services/load/main.ts has them for HTTP/1.1. It reports which connections the
 * server tells to close (GOAWAY), how each connection ends, and which requests got no answer.
 *
 *   node services/load/http2.ts '{"ca":"…"}'
 *
 * A connection that was told opens no more streams (RFC 9113 section 6.8), and waits for the answers to those that it has.
 */
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { emit, ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { webName } from '../../lab/vocabulary/topology.ts';

interface Connection {
  id: number;
  kind: 'busy' | 'idle';
  session: ClientHttp2Session;
  /** Whether the server has sent GOAWAY. */
  told: boolean;
  responses: number;
  timer: NodeJS.Timeout | undefined;
}

const { ca = '' } = JSON.parse(process.argv[2] ?? '{}') as { ca?: string };
const secureContext = createSecureContext({ ca });
const connections: Connection[] = [];

/** Opens the connections and makes one request on each. The busy connections then make requests at a steady rate, each from its own random start. */
async function open({ address, port, busy, idle, requestsPerS, seed }: Record<string, unknown>): Promise<void> {
  const random = seededRandom(String(seed));
  const kinds = [...Array<'busy'>(Number(busy)).fill('busy'), ...Array<'idle'>(Number(idle)).fill('idle')];
  await Promise.all(
    kinds.map(async (kind) => {
      const session = connect(`https://${webName}:${String(port)}`, {
        createConnection: () => connectTls({ host: String(address), port: Number(port), secureContext, servername: webName, ALPNProtocols: ['h2'] }).setNoDelay(true),
      });
      const connection: Connection = { id: connections.length + 1, kind, session, told: false, responses: 0, timer: undefined };
      connections.push(connection);
      follow(connection);
      await once(session, 'connect');
      await ask(connection);
      if (kind === 'idle') return;
      const intervalMs = 1000 / Number(requestsPerS);
      setTimeout(() => {
        connection.timer = setInterval(() => { void ask(connection); }, intervalMs);
      }, random() * intervalMs);
    }),
  );
}

/** Makes a request. Resolves when it has an answer, or is lost. */
function ask(connection: Connection): Promise<void> {
  const { id, kind, session, told } = connection;
  if (told || session.closed || session.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const stream = session.request({ ':path': '/' }, { endStream: true });
    let isWhole = false;
    let error = 'closed';
    stream.once('response', (headers) => {
      if (++connection.responses === 1) emit('load:served', { connection: id, kind, process: String(headers['x-process'] ?? '') });
    });
    stream.once('error', ({ code, message }: NodeJS.ErrnoException) => { error = code ?? message; });
    stream.resume().once('end', () => { isWhole = true; });
    stream.once('close', () => {
      if (!isWhole || stream.rstCode !== 0) emit('load:lost', { connection: id, kind, error });
      resolve();
    });
  });
}

function follow(connection: Connection): void {
  const { session, id, kind } = connection;
  let ending = 'fin';
  session.on('goaway', () => {
    if (connection.told) return;
    connection.told = true;
    clearInterval(connection.timer);
    emit('load:told', { connection: id, kind, responses: connection.responses });
  });
  session.on('error', () => { ending = 'rst'; });
  session.once('close', () => {
    clearInterval(connection.timer);
    emit('load:closed', { connection: id, kind, told: connection.told, ending, responses: connection.responses });
  });
}

serveStdin({
  open,
  alive: () => ({ busy: aliveOf('busy'), idle: aliveOf('idle') }),
});
ready();

function aliveOf(kind: Connection['kind']): number {
  return connections.filter((connection) => connection.kind === kind && !connection.session.destroyed).length;
}
