/** HTTP/2 on the connections of a backend (RFC 9113): node:http2 behind a filter of frames, and what the backend breaks there. */
import { createServer, type Http2Server, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { emit } from '../../lab/vocabulary/control.ts';
import { frameFlags, frameTypes, goawayFrame, lastStreamOfAll, rstStreamFrame, type Http2Error, type Http2Frame } from '../../lab/vocabulary/http2-frame.ts';
import type { Family } from '../../lab/vocabulary/topology.ts';
import type { Behaviour } from './behaviour.ts';
import type { Connection, FrameControl } from './connection.ts';
import { passFrames } from './h2-filter.ts';
import { socketPair } from './socket-pair.ts';

interface Application {
  /** What holds for the connections of one family. */
  behaviour: (family: Family) => Behaviour;
  /** A session begins. Its requests follow. */
  onHttp2: (connection: Connection, session: ServerHttp2Session) => void;
  onRequest: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}

export class Http2Layer {
  readonly #application: Application;
  /** The sessions that there are, with the limit of streams that each was told. */
  readonly #sessions = new Map<ServerHttp2Session, { connection: Connection; maxStreams: number }>();
  /** One server for each limit of streams, since a server has one: the first SETTINGS of a session must have it. */
  readonly #servers = new Map<number, Http2Server>();
  /** The connection whose session is being made: node:http2 says so before `emit` returns, and names the socket by a proxy only. */
  #begun: { connection: Connection; frames: Http2Frames } | null = null;

  constructor(application: Application) {
    this.#application = application;
  }

  /** Serves a connection whose client and server have agreed on HTTP/2. */
  async serve(connection: Connection, socket: Socket): Promise<void> {
    const behaviour = (): Behaviour => this.#application.behaviour(connection.family);
    // A client may reset the connection before the frames are followed. The connection has an event for its end.
    socket.on('error', () => undefined);
    const [own, inner] = await socketPair();
    if (socket.destroyed) {
      own.destroy();
      inner.destroy();
      return;
    }
    const frames = new Http2Frames(connection, socket, inner, behaviour);
    connection.frames = frames;
    this.#begun = { connection, frames };
    this.#serverFor(behaviour().maxStreams).emit('connection', own);
    this.#begun = null;
  }

  /** Tells the sessions that there are when the limit of streams has changed. */
  change(): void {
    for (const [session, told] of this.#sessions) {
      const { maxStreams } = this.#application.behaviour(told.connection.family);
      if (maxStreams === told.maxStreams || session.destroyed) continue;
      told.maxStreams = maxStreams;
      session.settings({ maxConcurrentStreams: maxStreams || noLimit });
    }
  }

  #serverFor(maxStreams: number): Http2Server {
    const known = this.#servers.get(maxStreams);
    if (known) return known;
    const { onRequest, onHttp2, behaviour } = this.#application;
    const server = createServer({ settings: maxStreams === 0 ? {} : { maxConcurrentStreams: maxStreams } }, onRequest);
    server.on('session', (session) => {
      if (!this.#begun) return;
      const { connection, frames } = this.#begun;
      connection.session = session;
      frames.session = session;
      this.#sessions.set(session, { connection, maxStreams });
      session.once('close', () => { this.#sessions.delete(session); });
      const waitIdle = (): void => { session.setTimeout(behaviour(connection.family).keepAliveMs); };
      waitIdle();
      session.on('timeout', () => { session.close(); });
      session.on('stream', (stream) => {
        frames.onStream();
        stream.once('close', () => { if (!session.destroyed) waitIdle(); });
      });
      onHttp2(connection, session);
    });
    // The end of its connection ends a session. The event of the connection tells it.
    server.on('sessionError', () => undefined);
    this.#servers.set(maxStreams, server);
    return server;
  }
}

/** "Unlimited" in SETTINGS is the value that a server has before it sends one (RFC 9113 section 6.5.2). */
const noLimit = 0xffffffff;

/** The frames of one connection, and the faults that act on them. */
export class Http2Frames implements FrameControl {
  readonly #send: (frame: Http2Frame) => void;
  session: ServerHttp2Session | null = null;
  readonly #connection: Connection;
  readonly #behaviour: () => Behaviour;
  readonly #socket: Socket;
  #lastStream = 0;
  #streams = 0;
  #hasToldEnd = false;
  #hasGoneAway = false;
  #isEnding = false;
  /** How many requests node:http2 was given, and with how many it has begun. */
  #passed = 0;
  #begun = 0;
  /** What to do after the next DATA of a stream. */
  readonly #cuts = new Map<number, () => void>();
  /** Streams of which node:http2 gets nothing: their request was refused. What follows a request, such as its body, would be an error without it. */
  readonly #refused = new Set<number>();
  /** Streams of which the client gets nothing more. */
  readonly #muted = new Set<number>();

  /** `socket` is the TLS connection, `inner` the other end of the socket of node:http2. */
  constructor(connection: Connection, socket: Socket, inner: Socket, behaviour: () => Behaviour) {
    this.#connection = connection;
    this.#socket = socket;
    this.#behaviour = behaviour;
    this.#send = passFrames(socket, inner, { take: (frame) => this.#take(frame), give: (frame) => this.#give(frame) });
  }

  /** Ends the connection in two phases: the first GOAWAY takes all streams on their way, and node:http2 sends the second one when `last` is done (RFC 9113 section 6.8). */
  endInTwoPhases(last: ServerHttp2Stream): void {
    if (this.#hasToldEnd) return;
    this.#hasToldEnd = true;
    this.#goaway(lastStreamOfAll, 'NO_ERROR');
    last.once('close', () => this.session?.close());
  }

  /** Calls `then` when the client has been sent the next DATA of a stream. */
  afterData(stream: number, then: () => void): void {
    this.#cuts.set(stream, then);
  }

  /** Ends a stream with RST_STREAM, whatever has been sent on it. `stream.close()` of node:http2 would end a body that has begun as if it were whole. */
  reset(stream: number, error: Http2Error): void {
    this.#send(rstStreamFrame(stream, error));
    this.#muted.add(stream);
  }

  #take({ type, stream }: Http2Frame): boolean {
    if (this.#refused.has(stream)) return false;
    const isRequest = type === frameTypes.headers && stream > this.#lastStream;
    if (!isRequest) return true;
    const before = this.#lastStream;
    this.#lastStream = stream;
    const isInUse = this.#streams++ > 0;
    const { goaway, garbage } = this.#behaviour();
    if (garbage === 'frame') {
      this.#send({ type: frameTypes.data, flags: 0, stream: 0, payload: Buffer.from('garbage') });
      this.#refused.add(stream);
      return false;
    }
    const isRefused = goaway === 'unprocessed' && isInUse;
    if (isRefused) this.#refused.add(stream);
    else this.#passed++;
    if (goaway === 'none' || !isInUse || this.#hasToldEnd) return !isRefused;
    if (goaway === 'two-phases') {
      this.session?.once('stream', (taken) => { this.endInTwoPhases(taken); });
      return true;
    }
    this.#hasToldEnd = true;
    switch (goaway) {
      case 'unprocessed':
        this.#goaway(before, 'NO_ERROR');
        this.#endInOrder();
        return false;
      case 'processed':
        this.#muted.add(stream);
        this.session?.once('stream', () => {
          this.#goaway(stream, 'NO_ERROR');
          this.#endInOrder();
        });
        return true;
      case 'error':
        this.#muted.add(stream);
        this.session?.once('stream', () => {
          this.#goaway(stream, 'INTERNAL_ERROR');
          this.#socket.end();
        });
        return true;
    }
  }

  #give({ type, flags, stream }: Http2Frame): boolean {
    if (this.#muted.has(stream)) return false;
    // node:http2 says GOAWAY once more when it has closed the session.
    if (type === frameTypes.goaway && this.#hasGoneAway) return false;
    this.#hasGoneAway ||= type === frameTypes.goaway;
    const onData = type === frameTypes.data ? this.#cuts.get(stream) : undefined;
    // After this frame has been written.
    if (onData) queueMicrotask(onData);
    const { h2Ignores } = this.#behaviour();
    const isAck = (flags & frameFlags.ack) !== 0;
    if (h2Ignores === 'ping' && type === frameTypes.ping && isAck) return false;
    if (h2Ignores === 'settings' && type === frameTypes.settings && isAck) return false;
    return !(h2Ignores === 'window' && type === frameTypes.windowUpdate);
  }

  /** Ends the connection when the requests that were passed on have their answers. node:http2 may not have read all of them yet. */
  #endInOrder(): void {
    this.#hasGoneAway = true;
    this.#isEnding = true;
    if (this.#begun >= this.#passed) this.session?.close();
  }

  /** node:http2 begins with a request. */
  onStream(): void {
    this.#begun++;
    if (this.#isEnding) this.#endInOrder();
  }

  #goaway(lastStream: number, error: Http2Error): void {
    this.#send(goawayFrame(lastStream, error));
    emit('backend:goaway', { ...this.#connection.about, lastStream, error });
  }
}
