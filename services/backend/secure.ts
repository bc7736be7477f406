/** A backend behind TLS: the handshake, and what follows it, HTTP/1.1 or HTTP/2. The backend loads this file only where it speaks TLS. */
import { randomBytes } from 'node:crypto';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Family } from '../../lab/vocabulary/topology.ts';
import type { Behaviour } from './behaviour.ts';
import type { Connection } from './connection.ts';
import { Http2Layer } from './h2.ts';
import type { CertificateKind } from './tls-behaviour.ts';
import { keyPairOf, TlsLayer, type KeyPair, type TlsHandlers, type TlsMeans, type TlsOptions } from './tls.ts';

/** What serves the connections once their handshake is done. */
export interface SecureApplication {
  /** What holds for the connections of one family. */
  behaviour: (family: Family) => Behaviour;
  /** Serves HTTP/1.1 on a socket. */
  onHttp1: (connection: Connection, socket: Socket) => void;
  /** A session of HTTP/2 begins. Its requests follow. */
  onHttp2: (connection: Connection, session: ServerHttp2Session) => void;
  onRequest: (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  /** The bytes of HTTP pass through this socket. */
  onCut: (connection: Connection, socket: Socket) => void;
}

export class Secure {
  readonly #means: TlsMeans;
  /** One for each family, because a behaviour can be for one family alone. */
  readonly #layers: ReadonlyMap<Family, TlsLayer>;
  readonly #http2: Http2Layer;

  constructor({ certificate, offers }: TlsOptions, { behaviour, onHttp1, onHttp2, onRequest, onCut }: SecureApplication) {
    this.#means = {
      certificates: new Map([['good', certificate]]),
      // Two backends have keys of their own, so a ticket of one says nothing to another (RFC 5077). Those with `shared` have the same ones.
      ticketKeys: { own: randomBytes(48), changed: randomBytes(48), shared: Buffer.alloc(48, 'shared by all backends of the lab') },
    };
    const http2 = new Http2Layer({ behaviour, onHttp2, onRequest });
    this.#http2 = http2;
    const handlers: Omit<TlsHandlers, 'behaviour'> = {
      onSecure: (socket, connection) => {
        onCut(connection, socket);
        if (socket.alpnProtocol === 'h2') void http2.serve(connection, socket);
        else onHttp1(connection, socket);
      },
      onPlain: (connection) => { onHttp1(connection, connection.raw); },
    };
    const layer = (family: Family): TlsLayer => new TlsLayer(offers, this.#means, { ...handlers, behaviour: () => behaviour(family) });
    this.#layers = new Map(([4, 6] as const).map((family) => [family, layer(family)]));
  }

  accept(connection: Connection): void {
    this.#layers.get(connection.family)?.accept(connection);
  }

  /** @throws {Error} where a behaviour would name a certificate that the backend was not given. */
  require(certificate: CertificateKind): void {
    keyPairOf(this.#means, certificate);
  }

  /** The behaviour has changed. */
  change(): void {
    for (const layer of this.#layers.values()) layer.change();
    this.#http2.change();
  }

  /** Takes a certificate that a behaviour may name from now on. */
  takeCertificate(kind: CertificateKind, pair: KeyPair): void {
    this.#means.certificates.set(kind, pair);
  }
}
