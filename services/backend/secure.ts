/** A backend behind TLS: the handshake, and what follows it, HTTP/1.1 or HTTP/2. The backend loads this file only where it speaks TLS. */
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import type { Connection } from './connection.ts';
import { Http2Layer } from './h2.ts';
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
  #http2: Http2Layer | undefined;

  constructor(options: TlsOptions) {
    this.#options = options;
  }

  /** Serves an application. Called once, before the first connection. */
  serve({ behaviour, onHttp1, onHttp2, onRequest, onCut }: Application): void {
    const http2 = new Http2Layer({ behaviour, onHttp2, onRequest });
    this.#http2 = http2;
    this.#layer = new TlsLayer(this.#options, {
      behaviour,
      onSecure: (socket, connection) => {
        onCut(connection, socket);
        if (socket.alpnProtocol === 'h2') void http2.serve(connection, socket);
        else onHttp1(connection, socket);
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
    this.#http2?.change();
  }

  /** Takes a certificate that a behaviour may name from now on. */
  takeCertificate(kind: CertificateKind, pair: KeyPair): void {
    this.#layer?.takeCertificate(kind, pair);
  }
}
