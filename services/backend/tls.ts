/**
 * TLS in front of the application. The backend loads this file only where it speaks TLS. It takes over a TCP connection, makes the handshake, well or
 * broken, and gives what comes out of it to HTTP/1.1 or HTTP/2, as client and server have agreed on by ALPN (RFC 7301).
 */
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { emit, tellSecret } from '../../lab/vocabulary/control.ts';
import { alpnNames, type HttpVersion } from '../../lab/vocabulary/topology.ts';
import type { Behaviour } from './behaviour.ts';
import type { Connection } from './connection.ts';
import type { CertificateKind, TlsBehaviour } from './tls-behaviour.ts';

/** A private key (PEM, PKCS #8), and the certificate that goes with it, followed by that of the intermediate CA (PEM). */
export interface KeyPair {
  key: string;
  cert: string;
}

/** How a backend speaks TLS. */
export interface TlsOptions {
  /** The good certificate. Others are given by `certificate` when they are needed. */
  certificate: KeyPair;
  /** The versions of HTTP, the preferred one first. */
  offers: readonly HttpVersion[];
}

const headerBytes = 5;
/** handshake_failure (RFC 8446 section 6.2). A server that gives up before it has chosen a version sends it in the clear. */
const handshakeFailure = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
/** OpenSSL has no cipher for TLS 1.1 in its default security level. */
const oldVersion = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
/** A server resumes only sessions of its own context (SSL_CTX_set_session_id_context(3)). Node makes it from the argv, which differs between two backends. */
const sessionIdContext = 'failover-lab';

/** What the two families of a backend have in common. */
export interface TlsMeans {
  certificates: Map<CertificateKind, KeyPair>;
  ticketKeys: Readonly<Record<TlsBehaviour['ticketKeys'], Buffer>>;
}

/** @throws {Error} for a certificate that the backend was not given. */
export function keyPairOf({ certificates }: TlsMeans, certificate: CertificateKind): KeyPair {
  const pair = certificates.get(certificate);
  if (!pair) throw new Error(`Expected the certificate \`${certificate}\` to be given before a behaviour names it, and it was not.`);
  return pair;
}

export interface TlsHandlers {
  behaviour: () => Behaviour;
  /** The handshake is done. */
  onSecure: (socket: TLSSocket, connection: Connection) => void;
  /** The connection is to be served without TLS. */
  onPlain: (connection: Connection) => void;
}

export class TlsLayer {
  readonly #handlers: TlsHandlers;
  readonly #server: Server;
  readonly #means: TlsMeans;
  readonly #connections = new WeakMap<Socket, Connection>();
  #context: Pick<TlsBehaviour, 'certificate' | 'tlsVersions' | 'ticketKeys'>;

  constructor(offers: readonly HttpVersion[], means: TlsMeans, handlers: TlsHandlers) {
    this.#means = means;
    this.#handlers = handlers;
    this.#context = handlers.behaviour();
    const offered = offers.map((version) => alpnNames[version]);
    this.#server = createServer({
      ...this.#secureContext(this.#context),
      // Undefined ends the handshake with the alert no_application_protocol (RFC 7301 section 3.2).
      ALPNCallback: ({ protocols }) => {
        const { alpn } = handlers.behaviour();
        return offered.filter((each) => alpn === 'offered' || each === alpn).find((each) => protocols.includes(each));
      },
    });
    this.#server.on('keylog', (line) => { tellSecret(line.toString().trimEnd()); });
    this.#server.on('secureConnection', (socket) => {
      const connection = this.#connectionOf(socket);
      if (!connection) return;
      connection.socket = socket;
      emit('backend:tls', { ...connection.about, version: versionName(socket.getProtocol()), alpn: socket.alpnProtocol || '', resumed: socket.isSessionReused() });
      handlers.onSecure(socket, connection);
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const connection = this.#connectionOf(socket);
      if (connection) emit('backend:tls-failed', { ...connection.about, error: error.code ?? error.message });
      socket.destroy();
    });
  }

  /** Uses what the behaviour says now about certificates, versions and tickets: for the connections that come from here on. */
  change(): void {
    const now = this.#handlers.behaviour();
    const { certificate, tlsVersions, ticketKeys } = this.#context;
    if (now.certificate === certificate && now.tlsVersions === tlsVersions && now.ticketKeys === ticketKeys) return;
    this.#server.setSecureContext(this.#secureContext(now));
    this.#context = now;
  }

  /** Takes over a connection that was accepted. */
  accept(connection: Connection): void {
    const { raw } = connection;
    const { tlsAnswer, tlsDelayMs, largestHelloBytes } = this.#handlers.behaviour();
    // A client may reset the connection at any time.
    raw.on('error', () => undefined);
    const breakOff = (how: 'alert' | 'fin' | 'rst'): void => {
      endWith(raw, how);
      emit('backend:broke-off', { ...connection.about, ending: how === 'rst' ? 'rst' : 'fin' });
    };
    const answer = (helloBytes: number): void => {
      if (raw.destroyed) return;
      if (tlsAnswer === 'plaintext') {
        this.#handlers.onPlain(connection);
        raw.resume();
      } else if (tlsAnswer === 'silence') discard(raw);
      else if (tlsAnswer !== 'handshake') breakOff(tlsAnswer);
      else if (largestHelloBytes > 0 && helloBytes > largestHelloBytes) breakOff('rst');
      else this.#handshake(connection);
    };
    if (tlsAnswer === 'handshake' && tlsDelayMs === 0 && largestHelloBytes === 0) this.#handshake(connection);
    else onHello(raw, (bytes) => { if (tlsDelayMs > 0) setTimeout(answer, tlsDelayMs, bytes); else answer(bytes); });
  }

  #handshake(connection: Connection): void {
    this.#connections.set(connection.raw, connection);
    this.#server.emit('connection', connection.raw);
  }

  /** Node keeps the socket that a TLSSocket was made from in `_parent`, which is not documented. */
  #connectionOf(socket: TLSSocket): Connection | undefined {
    return this.#connections.get((socket as TLSSocket & { _parent?: Socket })._parent ?? socket);
  }

  #secureContext({ certificate, tlsVersions, ticketKeys }: Pick<TlsBehaviour, 'certificate' | 'tlsVersions' | 'ticketKeys'>) {
    return { ...keyPairOf(this.#means, certificate), sessionIdContext, ticketKeys: this.#means.ticketKeys[ticketKeys], ...(tlsVersions === 'old' ? oldVersion : {}) };
  }
}

/** Calls `then` at the first bytes, with the length of the first record; with their number, if they are less than its header. The bytes stay in the socket, for whoever reads it next. */
function onHello(raw: Socket, then: (recordBytes: number) => void): void {
  raw.once('data', (first) => {
    raw.pause();
    const bytes = typeof first === 'string' ? Buffer.from(first) : first;
    raw.unshift(bytes);
    then(bytes.length >= headerBytes ? headerBytes + bytes.readUInt16BE(3) : bytes.length);
  });
}

function endWith(raw: Socket, how: 'alert' | 'fin' | 'rst'): void {
  if (how === 'rst') {
    raw.resetAndDestroy();
    return;
  }
  if (how === 'alert') raw.write(handshakeFailure);
  raw.end();
  // close(2) with unread data sends RST, not FIN (RFC 2525 section 2.17).
  raw.resume();
}

/** Reads what comes and answers nothing. When the client has closed its half, the connection ends. */
function discard(raw: Socket): void {
  raw.once('end', () => raw.end());
  raw.resume();
}

/** `TLSv1.3` as everybody writes it: `TLS 1.3`. */
function versionName(protocol: string | null): string {
  return (protocol ?? '').replace(/^TLSv/, 'TLS ');
}
