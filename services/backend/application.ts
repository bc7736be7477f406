/** The web application of a backend: what it answers, well or broken, and the connections that it has. It does not listen: see listeners.ts. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { emit } from '../../lab/vocabulary/control.ts';
import type { Http2Error } from '../../lab/vocabulary/http2-frame.ts';
import { seededRandom, type Random } from '../../lab/vocabulary/random.ts';
import type { Family } from '../../lab/vocabulary/topology.ts';
import { Behaviours, changeBehaviour, healthy, type Behaviour, type Ending } from './behaviour.ts';
import { Connection } from './connection.ts';
import { Connections, type ConnectionBehaviour } from './connections.ts';
import { isBroken, lengthOf, replyBroken, retryAfter, type Line } from './reply.ts';
import type { Secure, SecureApplication } from './secure.ts';

const longestBodyBytes = 1 << 24;

export class Application {
  /** Asked for each response: whether its connection is told to close (`Connection: close`). */
  readonly #closes: () => boolean;
  readonly #seed: string;
  readonly #behaviours = new Behaviours();
  /** By their TCP sockets. */
  readonly #connections = new Map<Socket, Connection>();
  /** By what a request names: the socket that carries HTTP/1.1, or the session of HTTP/2. */
  readonly #carriers = new WeakMap<object, Connection>();
  /** TLS and HTTP/2. Null if the backend speaks HTTP/1.1 alone. */
  #secure: Secure | null = null;
  readonly #connectionBehaviour = new Connections();
  #lastConnection = 0;
  /** The requests that were refused once, by client address and URL. */
  readonly #refused = new Set<string>();
  /** For each client address: how many requests for each URL came since the count began, and the stream of its draws. */
  readonly #clients = new Map<string, { requests: Map<string, number>; random: Random }>();
  // Sockets are handed to it by the 'connection' event, as node:http documents it. Without the buffer, Node closes an idle connection a second
  // later than it has announced (server.keepAliveTimeoutBuffer).
  readonly #http = http.createServer({ keepAliveTimeout: healthy.keepAliveMs, keepAliveTimeoutBuffer: 0 }, (request, response) => void this.#answer(request, response));

  constructor(seed: string, closes: () => boolean) {
    this.#seed = seed;
    this.#closes = closes;
  }

  /** From here on, every connection begins with TLS. */
  useTls(makeSecure: (application: SecureApplication) => Secure): Secure {
    this.#secure = makeSecure({
      behaviour: (family) => this.#behaviours.of(family),
      onHttp1: (connection, socket) => { this.#serveHttp1(connection, socket); },
      onHttp2: (connection, session) => { this.#carriers.set(session, connection); },
      onRequest: (request, response) => void this.#answer(request as unknown as IncomingMessage, response as unknown as ServerResponse),
      onCut: (connection, socket) => { this.#limit(connection, socket); },
    });
    return this.#secure;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size;
  }

  /** The behaviour that holds now, for both families. */
  get behaviour(): Behaviour {
    return this.#behaviours.now;
  }

  /** Changes the behaviour for a fault, or by hand if `fault` is null: for both families, or for one. @throws {LabError} BAD_INPUT for an unknown field or value. Nothing has changed then. */
  change(change: unknown, fault: string | null, family: 0 | Family = 0): Behaviour {
    this.#secure?.require(changeBehaviour(healthy, change).certificate);
    return this.#changed(this.#behaviours.change(change, fault, family));
  }

  /** Takes back what a fault has changed, or what was changed by hand if `fault` is null. */
  restore(fault: string | null): Behaviour {
    return this.#changed(this.#behaviours.restore(fault));
  }

  #changed(change: Partial<Behaviour>): Behaviour {
    if ('failFirst' in change || 'statusPercent' in change) this.#clients.clear();
    if ('refuseStreams' in change) this.#refused.clear();
    if (Object.keys(change).length > 0) emit('backend:behaviour', { change: JSON.stringify(change) });
    const { now } = this.#behaviours;
    // Node reads it with each request, for the header, and after each response, for the timer of the idle connection.
    this.#http.keepAliveTimeout = now.keepAliveMs;
    this.#secure?.change();
    return now;
  }

  /** @throws {LabError} BAD_INPUT for an unknown field or value. */
  changeConnections(change: Record<string, unknown>): ConnectionBehaviour {
    return this.#connectionBehaviour.set(change);
  }

  /** Takes over a connection that was accepted. */
  accept(raw: Socket): void {
    const connection = new Connection(++this.#lastConnection, raw);
    const { about } = connection;
    if (this.#secure === null) {
      this.#serveHttp1(connection, raw);
      this.#limit(connection, raw);
    } else this.#secure.accept(connection);
    this.#connections.set(raw, connection);
    emit('backend:accept', { ...about, fromPort: raw.remotePort ?? 0 });
    raw.once('close', () => {
      this.#connections.delete(raw);
      emit('backend:close', about);
    });
  }

  #serveHttp1(connection: Connection, socket: Socket): void {
    this.#carriers.set(socket, connection);
    this.#http.emit('connection', socket);
  }

  /** Lets the connection end as the behaviour of connections says. */
  #limit(connection: Connection, socket: Socket): void {
    this.#connectionBehaviour.add(socket, (ending) => { emit('backend:broke-off', { ...connection.about, ending }); }, connection.raw);
  }

  /** Closes the connections that have served a request and wait for the next one. */
  closeIdle(): void {
    for (const connection of this.#connections.values()) if (connection.requests > 0 && connection.open === 0) connection.close();
  }

  /** Resolves when no connection is left. */
  async closed(): Promise<void> {
    await Promise.all([...this.#connections.keys()].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const stream = request.httpVersionMajor === 2 ? (request as unknown as Http2ServerRequest).stream : null;
    const connection = this.#carriers.get(stream ? (stream.session ?? request) : request.socket);
    if (!connection) return;
    const { about, from, address } = connection;
    const onStream = stream?.id === undefined ? {} : { stream: stream.id };
    connection.requests++;
    connection.open++;
    response.once('close', () => { connection.open--; });
    // Before the listener of Node, which begins to count the idle time of the connection.
    response.prependOnceListener('finish', () => { emit('backend:response', { ...about, ...onStream, status: response.statusCode }); });
    emit('backend:request', { ...about, ...onStream, method: request.method ?? '', path: request.url ?? '' });
    const brokeOff = (ending: Ending): void => { emit('backend:broke-off', { ...about, ending }); };
    // The behaviour at the arrival of the request holds for its whole response.
    const behaviour = this.#behaviours.of(connection.family);
    const { closeReused, closeAfter, closeNotify, contentLength } = behaviour;
    const line: Line = {
      breakOff: (ending) => {
        connection.breakOff(ending, closeNotify === 'send');
        request.resume();
      },
      write: (text) => { connection.socket.write(text); },
      sent: (part) => new Promise((resolve) => {
        // node:http2 says that a part is written when its frame is on the way to the filter of frames, which is too early.
        if (stream?.id !== undefined) connection.frames?.afterData(stream.id, resolve);
        response.write(part, stream ? undefined : () => { resolve(); });
      }),
    };
    if (closeReused !== 'none' && connection.requests > 1) {
      line.breakOff(closeReused);
      brokeOff(closeReused);
      return;
    }
    // The body of a request is read, and not used.
    await new Promise((resolve) => request.resume().once('close', resolve).once('end', resolve));
    // With the id of its process a response tells which one answered, where two processes share the port.
    response.setHeader('x-process', String(process.pid));
    // Node announces its timeout, unless the response has a `Connection` header of its own.
    if (!stream && !behaviour.announce && response.shouldKeepAlive) response.setHeader('connection', 'keep-alive');
    const finish = (status: number, body: string | Buffer, headers: Record<string, string> = {}): void => {
      if (this.#closes() || (closeAfter > 0 && connection.requests >= closeAfter)) {
        // HTTP/2 has no `Connection: close`. It has GOAWAY (RFC 9113 section 6.8).
        if (stream) connection.frames?.endInTwoPhases(stream);
        else response.setHeader('connection', 'close');
      }
      response.writeHead(status, { 'content-type': 'text/plain', ...lengthOf(response, body, contentLength), ...headers }).end(body);
    };
    const [path = ''] = (request.url ?? '').split('?');
    const bytes = /^\/bytes\/(.+)$/.exec(path)?.[1];
    if (bytes !== undefined) {
      // A body of a known size, to measure a throttled link with.
      finish(200, Buffer.alloc(Math.min(Number(bytes) || 0, longestBodyBytes)), { 'content-type': 'application/octet-stream' });
      return;
    }
    if (path !== '/') {
      finish(404, 'Nothing is here; try /\n');
      return;
    }
    const { delayMs, retryAfterS } = behaviour;
    const status = this.#statusFor(from, request.url ?? '', behaviour);
    const body = `Hello, World from ${address}\n`;
    if (delayMs > 0) await sleep(delayMs);
    if (stream && this.#breakStream(stream, connection, behaviour, { status, body, url: request.url ?? '' })) return;
    if (isBroken(behaviour)) {
      const ending = await replyBroken(line, response, behaviour, { status, retryAfterS, body });
      if (ending !== null) brokeOff(ending);
      return;
    }
    finish(status, body, retryAfter(status, retryAfterS));
  }

  /** Breaks the stream of a request as the behaviour says. Returns whether it did. */
  #breakStream(stream: ServerHttp2Stream, connection: Connection, { refuseStreams, resetStreams, cutStreams }: Behaviour, reply: { status: number; body: string; url: string }): boolean {
    const { id = 0 } = stream;
    const instead = resetStreams !== 'none' ? resetStreams : refuseStreams === 'always' || (refuseStreams === 'once' && this.#isFirst(connection.from, reply.url)) ? 'REFUSED_STREAM' : 'none';
    const error = instead === 'none' ? cutStreams : instead;
    if (error === 'none') return false;
    if (instead === 'none') {
      stream.respond({ ':status': reply.status, 'content-type': 'text/plain', 'content-length': Buffer.byteLength(reply.body) });
      connection.frames?.afterData(id, end);
      stream.write(reply.body.slice(0, Math.floor(reply.body.length / 2)));
    } else end();
    return true;

    function end(): void {
      connection.frames?.reset(id, error as Http2Error);
      emit('backend:reset-stream', { ...connection.about, stream: id, error });
      stream.destroy();
    }
  }

  /** Whether this is the first request of a client address for a URL since the behaviour changed. */
  #isFirst(from: string, url: string): boolean {
    const key = `${from} ${url}`;
    const isFirst = !this.#refused.has(key);
    this.#refused.add(key);
    return isFirst;
  }

  /** Counts and draws for each client address separately, so that the observer's requests change nothing for the client. */
  #statusFor(from: string, url: string, { failFirst, statusPercent, status }: Behaviour): number {
    const client = this.#clients.get(from) ?? { requests: new Map<string, number>(), random: seededRandom([this.#seed, from].join()) };
    this.#clients.set(from, client);
    const before = client.requests.get(url) ?? 0;
    client.requests.set(url, before + 1);
    if (before < failFirst) return 503;
    return statusPercent === 100 || client.random() * 100 < statusPercent ? status : 200;
  }
}
