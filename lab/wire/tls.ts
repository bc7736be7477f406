/**
 * Reads TLS (RFC 8446, RFC 5246). The hellos and the alerts before the keys are in the clear. What is behind them is decrypted record by record where the keys
 * are known, and its content goes to the protocol inside. The keys may come later than the frames: then records wait for them, each with its time.
 */
import type { FlowEnds, ProtocolMeans, Side, StreamProtocol, WireEvent } from './stream.ts';
import { cipherOf13, ciphersOf12, type SideCipher } from './tls-cipher.ts';
import { alpnInExtensions, readClientHello, readServerHello, type ClientHello, type ServerHello } from './tls-hello.ts';
import { secretLabels, type KeyLog } from './tls-keys.ts';
import { alertName } from './tls-names.ts';
import { TlsRecords, type TimedRecord } from './tls-records.ts';

const types = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 };
const messages = { clientHello: 1, serverHello: 2, encryptedExtensions: 8, finished: 20, keyUpdate: 24 };
const alerts = { closeNotify: 0, userCanceled: 90 };
const fatal = 2;
/** No handshake message that is read here is longer. */
const longestMessage = 131_072;

interface SideState {
  records: TlsRecords;
  /** Handshake messages that are not whole, and the time of their first byte. */
  messages: Buffer;
  messagesMs: number;
  /** Which keys its secret records have. TLS 1.3 changes them behind Finished. TLS 1.2 has one pair of keys. */
  stage: 'handshake' | 'application';
  cipher: SideCipher | null;
  /** A record was opened with this cipher. Once the keys have fitted, all records must fit. */
  hasOpened: boolean;
  /** TLS 1.2: ChangeCipherSpec was sent. */
  isProtected: boolean;
  finishedMs: number | null;
  /** It has said that it sends no more: close_notify, or an alert that ends the connection. */
  isClosed: boolean;
}

/** What was sent: a record, or the end of a side. */
type Item = { side: Side; record: TimedRecord } | { side: Side; endedMs: number };

export interface TlsMeans extends ProtocolMeans {
  keys: KeyLog;
  /** Makes what reads the inside. `alpn` is the protocol that both sides have agreed on, or null. */
  inside(alpn: string | null): StreamProtocol;
  /** Called once, when something could be decrypted. */
  onRead?(): void;
}

export class Tls implements StreamProtocol {
  readonly #ends: FlowEnds;
  readonly #means: TlsMeans;
  readonly #sides: Record<Side, SideState> = { client: newSide(), server: newSide() };
  #client: (ClientHello & { startMs: number }) | null = null;
  #server: ServerHello | null = null;
  #alpn: string | null = null;
  #inside: StreamProtocol | null = null;
  #isRead = false;
  #isDone = false;
  /** Nothing secret can be read: an unknown cipher, a record that does not fit, or too much that waited for keys. */
  #isUnreadable = false;
  /** In the order in which they were sent. The first one waits for its keys. */
  #waiting: Item[] = [];
  #waitingBytes = 0;
  #stopListening: (() => void) | null = null;

  constructor(ends: FlowEnds, means: TlsMeans) {
    this.#ends = ends;
    this.#means = means;
  }

  take(side: Side, bytes: Buffer, atMs: number): WireEvent[] {
    return this.#sides[side].records.take(bytes, atMs).flatMap((record) => this.#next({ side, record }));
  }

  end(side: Side, endedMs: number): WireEvent[] {
    return this.#next({ side, endedMs });
  }

  forget(): void {
    this.#stopListening?.();
    this.#hold(-this.#waitingBytes);
    this.#waiting = [];
  }

  #next(item: Item): WireEvent[] {
    if (this.#waiting.length === 0 && !this.#mustWait(item)) return this.#read(item);
    this.#waiting.push('record' in item ? { side: item.side, record: { ...item.record, header: Buffer.from(item.record.header), body: Buffer.from(item.record.body) } } : item);
    this.#hold(bytesOf(item));
    const { bytes, most } = this.#means.held;
    // One connection must not take the room of all others.
    if (bytes > most || this.#waitingBytes > most / 4) this.#isUnreadable = true;
    return this.#readWaiting();
  }

  #readWaiting(): WireEvent[] {
    const events: WireEvent[] = [];
    let count = 0;
    for (const item of this.#waiting) {
      if (this.#mustWait(item)) break;
      this.#hold(-bytesOf(item));
      events.push(...this.#read(item));
      count++;
    }
    this.#waiting.splice(0, count);
    return events;
  }

  #hold(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#means.held.bytes += bytes;
  }

  /** Whether the keys to an item are not there, and may come. */
  #mustWait(item: Item): boolean {
    const { keys } = this.#means;
    if (keys.isComplete || !this.#server) return false;
    const isSecret = 'record' in item ? this.#isSecret(item.side, item.record) : this.#sides[item.side].finishedMs !== null;
    return isSecret && this.#cipherOf(item.side) === null && !this.#isUnreadable;
  }

  #isSecret(side: Side, { type }: TimedRecord): boolean {
    if (type === types.changeCipherSpec) return false;
    return this.#server?.is13 === true ? type === types.applicationData : this.#sides[side].isProtected;
  }

  /** The keys of the next secret record of a side. Null: they are not known. */
  #cipherOf(side: Side): SideCipher | null {
    const state = this.#sides[side];
    if (state.cipher || this.#isUnreadable || !this.#client || !this.#server) return this.#isUnreadable ? null : state.cipher;
    const { suite, is13, random } = this.#server;
    const secrets = this.#means.keys.get(this.#client.random.toString('hex'));
    if (!secrets) return null;
    if (is13) {
      // A log may lack the secrets of the handshake. Its records do not fit then.
      if (state.stage === 'handshake' && !secrets.has(secretLabels.handshake[side]) && secrets.has(secretLabels.application[side])) state.stage = 'application';
      const secret = secrets.get(secretLabels[state.stage][side]);
      if (!secret) return null;
      state.cipher = cipherOf13(suite, secret);
    } else {
      const master = secrets.get(secretLabels.master);
      if (!master) return null;
      const both = ciphersOf12(suite, master, this.#client.random, random);
      for (const each of ['client', 'server'] as const) this.#sides[each].cipher = both?.[each] ?? null;
    }
    this.#isUnreadable = state.cipher === null;
    return state.cipher;
  }

  #read(item: Item): WireEvent[] {
    const { side } = item;
    const state = this.#sides[side];
    if (!('record' in item)) {
      const isRead = state.finishedMs !== null && this.#cipherOf(side) !== null;
      return isRead && !state.isClosed ? [{ event: 'wire:tls-truncated', ...this.#ends, sender: side, atMs: item.endedMs }] : [];
    }
    const { record } = item;
    if (record.type === types.changeCipherSpec) {
      // TLS 1.3 sends it for old middleboxes only (RFC 8446 appendix D.4).
      state.isProtected = this.#server?.is13 === false;
      return [];
    }
    if (!this.#isSecret(side, record)) return record.type === types.applicationData ? [] : this.#content(side, record.type, record.body, record, false);
    // In TLS 1.2, the first record behind ChangeCipherSpec is Finished: so much shows without keys.
    const done = this.#server?.is13 === false && record.type === types.handshake ? this.#finished(side, record.endMs) : [];
    const opened = this.#cipherOf(side)?.open(record);
    if (!opened) {
      // A record of early data, or of a handshake without keys, has other keys than those that are known.
      if (state.hasOpened) this.#isUnreadable = true;
      return done;
    }
    state.hasOpened = true;
    if (!this.#isRead) this.#means.onRead?.();
    this.#isRead = true;
    return [...done, ...this.#content(side, opened.type, opened.content, record, true)];
  }

  #content(side: Side, type: number, content: Buffer, times: TimedRecord, isSecret: boolean): WireEvent[] {
    switch (type) {
      case types.alert:
        return this.#alert(side, content, times.endMs);
      case types.handshake:
        return this.#handshake(side, content, times, isSecret);
      case types.applicationData:
        this.#inside ??= this.#means.inside(this.#alpn);
        return this.#inside.take(side, content, times.startMs).map((event) => ({ atMs: times.startMs, ...event }));
      default:
        return [];
    }
  }

  #alert(side: Side, content: Buffer, atMs: number): WireEvent[] {
    const [level, description] = content;
    if (content.length !== 2 || description === undefined) return [];
    // In TLS 1.3 the level means nothing (RFC 8446 section 6).
    this.#sides[side].isClosed ||= description === alerts.closeNotify || level === fatal || (this.#server?.is13 === true && description !== alerts.userCanceled);
    return [{ event: 'wire:tls-alert', ...this.#ends, sender: side, level: level === fatal ? 'fatal' : 'warning', alert: alertName(description), atMs }];
  }

  /** Collects handshake messages, which may be cut by records and share them. */
  #handshake(side: Side, content: Buffer, times: TimedRecord, isSecret: boolean): WireEvent[] {
    const state = this.#sides[side];
    if (state.messages.length === 0) state.messagesMs = times.startMs;
    let left = Buffer.concat([state.messages, content]);
    const events: WireEvent[] = [];
    while (left.length >= 4) {
      const end = 4 + left.readUIntBE(1, 3);
      if (left.length < end) break;
      events.push(...this.#message(side, left[0] ?? 0, left.subarray(4, end), { startMs: state.messagesMs, endMs: times.endMs }, isSecret));
      left = left.subarray(end);
      state.messagesMs = times.startMs;
    }
    if (left.length > longestMessage) {
      this.#isUnreadable = true;
      left = Buffer.alloc(0);
    }
    state.messages = Buffer.from(left);
    return events;
  }

  #message(side: Side, type: number, message: Buffer, { startMs, endMs }: { startMs: number; endMs: number }, isSecret: boolean): WireEvent[] {
    const state = this.#sides[side];
    if (!isSecret) {
      if (side === 'client' && type === messages.clientHello) return this.#clientHello(message, startMs);
      if (side === 'server' && type === messages.serverHello) return this.#serverHello(message, startMs);
      return [];
    }
    if (this.#server?.is13 !== true) return [];
    if (type === messages.encryptedExtensions && side === 'server') this.#alpn = alpnInExtensions(message);
    if (type === messages.keyUpdate) state.cipher?.update();
    if (type !== messages.finished || state.stage === 'application') return [];
    state.stage = 'application';
    state.cipher = null;
    state.hasOpened = false;
    return this.#finished(side, endMs);
  }

  #clientHello(message: Buffer, startMs: number): WireEvent[] {
    const hello = readClientHello(message);
    if (!hello || (this.#server && !this.#server.isRetry)) return [];
    // The first of two hellos began the handshake. What the server answers is about the second one.
    this.#client = { ...hello, random: Buffer.from(hello.random), sessionId: Buffer.from(hello.sessionId), startMs: this.#client?.startMs ?? startMs };
    this.#server = null;
    if (!this.#means.keys.isComplete) this.#stopListening ??= this.#means.keys.onSecret(hello.random.toString('hex'), () => {
      const events = this.#readWaiting();
      if (events.length > 0) this.#means.onLate(events);
    });
    const { serverName, alpn, versions, resumes } = hello;
    return [{ event: 'wire:client-hello', ...this.#ends, ...(serverName !== null && { serverName }), alpn, versions, resumes, bytes: 4 + message.length, atMs: startMs }];
  }

  #serverHello(message: Buffer, startMs: number): WireEvent[] {
    const hello = this.#client && readServerHello(message, this.#client.sessionId);
    if (!hello) return [];
    this.#server = { ...hello, random: Buffer.from(hello.random) };
    this.#alpn = hello.alpn;
    const { version, cipher, resumed, isRetry } = hello;
    return [{ event: 'wire:server-hello', ...this.#ends, version, cipher, resumed, retry: isRetry, atMs: startMs }];
  }

  #finished(side: Side, atMs: number): WireEvent[] {
    this.#sides[side].finishedMs ??= atMs;
    const [client, server] = [this.#sides.client.finishedMs, this.#sides.server.finishedMs];
    if (this.#isDone || client === null || server === null || !this.#client || !this.#server) return [];
    this.#isDone = true;
    const doneMs = Math.max(client, server);
    const ms = Math.round((doneMs - this.#client.startMs) * 1000) / 1000;
    return [{ event: 'wire:tls-done', ...this.#ends, ms, version: this.#server.version, ...(this.#alpn !== null && { alpn: this.#alpn }), resumed: this.#server.resumed, atMs: doneMs }];
  }
}

function newSide(): SideState {
  return { records: new TlsRecords(), messages: Buffer.alloc(0), messagesMs: 0, stage: 'handshake', cipher: null, hasOpened: false, isProtected: false, finishedMs: null, isClosed: false };
}

function bytesOf(item: Item): number {
  return 'record' in item ? item.record.header.length + item.record.body.length : 0;
}
