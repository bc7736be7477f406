/**
 * Makes one TLS handshake and says how it ended, by the bytes that came back. A library would not tell all of it: Node reports FIN and RST in a handshake by
 * the same code, and the end of a connection in the same way with close_notify and without.
 */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { nowMs } from '../../lab/vocabulary/events.ts';
import { webName } from '../../lab/vocabulary/topology.ts';

export interface HandshakeRequest {
  address: string;
  port: number;
  /** The certificate of the lab's CA (PEM). */
  ca: string;
  /** All of it may take so long. */
  timeoutMs: number;
  /** How many bytes the ClientHello has more than the smallest one. If not set: it is as large as Node makes it. */
  padBytes?: number;
  /** If not set: the newest one that both sides know. */
  maxVersion?: 'TLSv1.2';
  /** The name of a session that was kept before. It is offered, if there is one that is not too old. */
  offer?: string;
  /** The name under which the session of this handshake is kept, if it is a new one. */
  keep?: string;
  /** Makes one GET after the handshake, and waits for the end of the connection. */
  path?: string;
}

/** The result of one handshake. What follows it is empty or false if it is not done. */
export interface Handshake {
  /** `done`, or what came in its place: `alert NAME`, `no TLS`, `FIN`, `RST`, `connected, then silent`, `silent`, or an error code of the kernel. */
  outcome: string;
  /** From the established connection, where the ClientHello leaves, to the outcome. */
  tookMs: number;
  helloBytes: number;
  alpn: string;
  /** Why a client does not trust the certificate, if it trusts the lab's CA alone and asks for the web server: a code of Node. Empty: it does. */
  distrust: string;
  offered: boolean;
  resumed: boolean;
  kept: boolean;
  /** The bytes after the GET. */
  reply: string;
  /** How the connection ended after the GET: `close_notify`, `FIN` or `RST` without it, or `silent`. */
  ending: string;
}

/** Types of records (RFC 8446 section 5.1). */
const recordTypes = { first: 20, alert: 21, last: 23 };
const headerBytes = 5;
/** RFC 8446 section 6.2: the alerts that the faults of the lab send. */
const alertNames: Readonly<Record<number, string>> = { 40: 'handshake_failure', 70: 'protocol_version', 120: 'no_application_protocol' };
/** An entry of ALPN (RFC 7301 section 3.1). Entries that no server knows make a ClientHello larger. */
const longestProtocolBytes = 255;

/** How long OpenSSL offers a session, and says so with each ticket that it makes (`openssl sess_id -text`: lifetime hint). RFC 8446 section 4.6.1 allows a week. */
const lifetimeMs = 7_200_000;

const sessions = new Map<string, { session: Buffer; keptMs: number }>();

export function shakeHands({ address, port, ca, timeoutMs, padBytes, maxVersion, offer = '', keep, path }: HandshakeRequest): Promise<Handshake> {
  return new Promise((resolve) => {
    const kept = sessions.get(offer);
    const session = kept && nowMs() - kept.keptMs < lifetimeMs ? kept.session : undefined;
    const result: Handshake = { outcome: '', tookMs: 0, helloBytes: 0, alpn: '', distrust: '', offered: session !== undefined, resumed: false, kept: false, reply: '', ending: '' };
    const raw = connect({ host: address, port, noDelay: true });
    const tap = new Tap(raw);
    let startMs = nowMs();
    const finish = (): void => {
      clearTimeout(timer);
      raw.destroy();
      resolve({ ...result, helloBytes: tap.helloBytes });
    };
    const over = (outcome: string): void => {
      if (result.outcome === '') Object.assign(result, { outcome, tookMs: nowMs() - startMs });
      else if (path !== undefined) result.ending = tap.hasAlert ? 'close_notify' : tap.ending || 'silent';
      finish();
    };
    // First handle what the kernel already holds: see held.ts.
    const timer = setTimeout(() => { setImmediate(() => { over(raw.connecting ? 'silent' : 'connected, then silent'); }); }, timeoutMs);
    raw.once('error', ({ code, message }: NodeJS.ErrnoException) => { if (raw.connecting || tap.helloBytes === 0) over(code ?? message); });
    raw.once('connect', () => {
      startMs = nowMs();
      const small = padBytes === undefined ? {} : { ecdhCurve: 'X25519' };
      const socket = tls.connect({
        socket: tap, ca, servername: webName, rejectUnauthorized: false, ALPNProtocols: ['http/1.1', ...padding(padBytes ?? 0)], ...small, ...(maxVersion && { maxVersion }), ...(session && { session }),
      });
      const isEnough = (): boolean => path === undefined && (keep === undefined || result.kept || result.resumed);
      socket.on('session', (fresh) => {
        if (keep === undefined) return;
        sessions.set(keep, { session: fresh, keptMs: nowMs() });
        result.kept = true;
        if (result.outcome !== '' && isEnough()) finish();
      });
      socket.once('secureConnect', () => {
        // Node gives the code of the problem, against its type.
        const distrust = socket.authorizationError as unknown as string | null;
        Object.assign(result, { outcome: 'done', tookMs: nowMs() - startMs, alpn: socket.alpnProtocol || '', distrust: distrust ?? '', resumed: socket.isSessionReused() });
        if (path !== undefined) socket.write(`GET ${path} HTTP/1.1\r\nHost: observer\r\nConnection: close\r\n\r\n`);
        if (isEnough()) finish();
      });
      socket.setEncoding('latin1').on('data', (text: string) => { result.reply += text; });
      const ended = (error?: NodeJS.ErrnoException): void => { over(tap.isTls ? tap.alertText || tap.ending || (error?.code ?? error?.message ?? 'FIN') : 'no TLS'); };
      socket.once('error', ended);
      socket.once('close', () => { ended(); });
      tap.once('over', () => { setImmediate(ended); });
    });
  });
}

/** Carries the bytes between TCP and TLS, and reads the headers of the records that come from the server. */
class Tap extends Duplex {
  /** The size of the first write: the ClientHello. */
  helloBytes = 0;
  /** Whether the first byte from the server, if there was one, is that of a record. */
  isTls = true;
  hasAlert = false;
  /** An alert that is not encrypted, as text: `alert handshake_failure`. */
  alertText = '';
  /** How the server has ended the connection. */
  ending = '';
  readonly #raw: Socket;
  #unread = Buffer.alloc(0);

  constructor(raw: Socket) {
    super();
    this.#raw = raw;
    raw.on('data', (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#readRecords();
      this.push(chunk);
    });
    raw.once('end', () => {
      this.#over('FIN');
      this.push(null);
    });
    raw.once('error', ({ code, message }: NodeJS.ErrnoException) => { this.#over(code === 'ECONNRESET' ? 'RST' : (code ?? message)); });
  }

  #over(ending: string): void {
    this.ending ||= ending;
    this.emit('over');
  }

  #readRecords(): void {
    while (this.isTls && this.#unread.length > headerBytes) {
      const [type, length] = [this.#unread.readUInt8(0), this.#unread.readUInt16BE(3)];
      this.isTls = type >= recordTypes.first && type <= recordTypes.last;
      if (!this.isTls || this.#unread.length < headerBytes + length) return;
      if (type === recordTypes.alert) {
        this.hasAlert = true;
        const description = this.#unread.readUInt8(headerBytes + 1);
        // A record with an encrypted alert is longer.
        if (length === 2) this.alertText ||= `alert ${alertNames[description] ?? description}`;
      }
      this.#unread = this.#unread.subarray(headerBytes + length);
    }
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.helloBytes ||= chunk.length;
    this.#raw.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#raw.end(done);
  }
}

/** Protocols that no server knows, of so many bytes in ALPN. */
function padding(bytes: number): string[] {
  return Array.from({ length: Math.ceil(bytes / (longestProtocolBytes + 1)) }, () => 'x'.repeat(longestProtocolBytes));
}
