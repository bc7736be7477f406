/** A backend behind TLS: the handshake, and what follows it, HTTP/1.1 or HTTP/2. The backend loads this file only where it speaks TLS. */
import { createServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import type { Connection } from './connection.ts';
import type { CertificateKind } from './tls-behaviour.ts';
import { TlsLayer, type KeyPair, type TlsOptions } from './tls.ts';

interface Application {
  behaviour: () => Behaviour;
  /** Serves HTTP/1.1 on a socket. */
  onHttp1: (connection: Connection, socket: Socket) => void;
  /** A session of HTTP/2 begins. Its requests follow. */
  onHttp2: (connection: Connection, session: ServerHttp2Session) => void;
  onRequest: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  /** The bytes of HTTP pass through this socket. */
  onCut: (connection: Connection, socket: Socket) => void;
}

export class Secure {
  readonly #options: TlsOptions;
  #layer: TlsLayer | undefined;

  constructor(options: TlsOptions) {
    this.#options = options;
  }

  /** Serves an application. Called once, before the first connection. */
  serve({ behaviour, onHttp1, onHttp2, onRequest, onCut }: Application): void {
    const http2 = createServer(onRequest);
    /** The connection whose session is being made. The event comes before `emit` returns, and names the socket by a proxy only. */
    let begun: Connection | null = null;
    http2.on('session', (session) => {
      const connection = begun;
      if (!connection) return;
      connection.session = session;
      session.setTimeout(behaviour().keepAliveMs, () => { session.close(); });
      onHttp2(connection, session);
    });
    // The end of its connection ends a session. It is told by the event of the connection.
    http2.on('sessionError', () => undefined);
    this.#layer = new TlsLayer(this.#options, {
      behaviour,
      onSecure: (socket, connection) => {
        onCut(connection, socket);
        if (socket.alpnProtocol === 'h2') {
          begun = connection;
          http2.emit('connection', socket);
          begun = null;
        } else onHttp1(connection, socket);
      },
      onPlain: (connection) => { onHttp1(connection, connection.raw); },
    });
  }

  accept(connection: Connection): void {
    this.#layer?.accept(connection);
  }

  /** The behaviour has changed. */
  change(): void {
    this.#layer?.change();
  }

  /** Takes a certificate that a behaviour may name from now on. */
  takeCertificate(kind: CertificateKind, pair: KeyPair): void {
    this.#layer?.takeCertificate(kind, pair);
  }
}
