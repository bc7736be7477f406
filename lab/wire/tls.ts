/**
 * Reads what a TLS connection carries, where the keys are known (`lab read --keys`). The hellos say which connection it is and which ciphers it uses; everything after them is decrypted
 * record by record (RFC 8446, RFC 5246), and its content goes to the protocol inside.
 */
import { cipherOf13, ciphersOf12, type SideCipher, type TlsRecord } from './tls-cipher.ts';
import { secretLabels, type TlsKeys } from './tls-keys.ts';
import type { Side, StreamProtocol, WireEvent } from './stream.ts';

const types = { changeCipherSpec: 20, handshake: 22, applicationData: 23 };
const messages = { clientHello: 1, serverHello: 2, keyUpdate: 24 };
const headerBytes = 5;
/** The longest record is 2^14 bytes, and 2048 more in TLS 1.2 (RFC 5246 section 6.2.3). What says more is no TLS. */
const longestRecord = 16_384 + 2_048;
/** No hello is longer. */
const longestHello = 65_536;
/** The random of a ServerHello that asks for another ClientHello (RFC 8446 section 4.1.3). */
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

interface SideState {
  /** Bytes of a record that is not whole. */
  left: Buffer;
  /** Plaintext handshake messages that are not whole. */
  hello: Buffer;
  cipher: SideCipher | null;
  /** TLS 1.2: ChangeCipherSpec was sent. TLS 1.3: a record was opened with the keys of the application; before, records have the keys of the handshake. */
  isProtected: boolean;
}

export class Tls implements StreamProtocol {
  readonly #keys: TlsKeys;
  readonly #inner: StreamProtocol;
  readonly #onRead: () => void;
  readonly #sides: Record<Side, SideState> = { client: newSide(), server: newSide() };
  #clientRandom: Buffer | null = null;
  #is13 = false;
  #isRead = false;
  /** Whether nothing more can be read: not TLS, no keys, an unknown cipher, a record that does not fit. */
  #isOver = false;

  /** `inner` reads what is inside. `onRead` is called once, when something could be decrypted. */
  constructor(keys: TlsKeys, inner: StreamProtocol, onRead: () => void) {
    this.#keys = keys;
    this.#inner = inner;
    this.#onRead = onRead;
  }

  take(side: Side, bytes: Buffer): WireEvent[] {
    const events: WireEvent[] = [];
    const state = this.#sides[side];
    if (this.#isOver) return events;
    state.left = state.left.length === 0 ? bytes : Buffer.concat([state.left, bytes]);
    while (state.left.length >= headerBytes && !this.#over()) {
      const length = state.left.readUInt16BE(3);
      if (state.left[1] !== 3 || length > longestRecord) {
        this.#isOver = true;
        break;
      }
      if (state.left.length < headerBytes + length) break;
      const record = { type: state.left[0] ?? 0, header: state.left.subarray(0, headerBytes), body: state.left.subarray(headerBytes, headerBytes + length) };
      state.left = state.left.subarray(headerBytes + length);
      events.push(...this.#record(side, state, record));
    }
    // The rest of a frame must not keep the whole frame.
    state.left = this.#isOver ? Buffer.alloc(0) : Buffer.from(state.left);
    return events;
  }

  /** It changes within the loop. */
  #over(): boolean {
    return this.#isOver;
  }

  #record(side: Side, state: SideState, record: TlsRecord): WireEvent[] {
    if (record.type === types.changeCipherSpec) {
      // TLS 1.3 sends it for old middleboxes only (RFC 8446 appendix D.4).
      if (!this.#is13) state.isProtected = true;
      return [];
    }
    const isSecret = this.#is13 ? record.type === types.applicationData : state.isProtected;
    if (!isSecret) {
      if (record.type === types.handshake) this.#handshake(side, state, record.body);
      return [];
    }
    const opened = state.cipher?.open(record);
    if (!opened) {
      // A record of the handshake, or of early data, has other keys. Once the keys have fitted, all records must fit.
      if (!this.#is13 || state.isProtected) this.#isOver = true;
      return [];
    }
    state.isProtected = true;
    if (!this.#isRead) {
      this.#isRead = true;
      this.#onRead();
    }
    if (this.#is13 && opened.type === types.handshake && opened.content[0] === messages.keyUpdate) state.cipher?.update();
    return opened.type === types.applicationData ? this.#inner.take(side, opened.content) : [];
  }

  /** Reads the hellos. The other messages in the clear say nothing that is needed. */
  #handshake(side: Side, state: SideState, body: Buffer): void {
    state.hello = Buffer.concat([state.hello, body]);
    if (state.hello.length > longestHello) this.#isOver = true;
    while (state.hello.length >= 4) {
      const end = 4 + state.hello.readUIntBE(1, 3);
      if (state.hello.length < end) return;
      const [type, message] = [state.hello[0], state.hello.subarray(4, end)];
      state.hello = Buffer.from(state.hello.subarray(end));
      if (side === 'client' && type === messages.clientHello && message.length >= 34) this.#clientRandom = Buffer.from(message.subarray(2, 34));
      if (side === 'server' && type === messages.serverHello) this.#serverHello(message);
    }
  }

  #serverHello(message: Buffer): void {
    const random = message.subarray(2, 34);
    const after = 35 + (message[34] ?? 0);
    if (message.length < after + 3) return;
    const suite = message.readUInt16BE(after);
    this.#is13 = suite >> 8 === 0x13;
    if (random.toString('hex') === retryRandom) return;
    const secrets = this.#clientRandom && this.#keys.get(this.#clientRandom.toString('hex'));
    const { client, server } = this.#sides;
    if (secrets && this.#is13) {
      const [own, other] = [secrets.get(secretLabels.client), secrets.get(secretLabels.server)];
      client.cipher = own ? cipherOf13(suite, own) : null;
      server.cipher = other ? cipherOf13(suite, other) : null;
    } else if (secrets && this.#clientRandom) {
      const master = secrets.get(secretLabels.master);
      const both = master ? ciphersOf12(suite, master, this.#clientRandom, Buffer.from(random)) : null;
      [client.cipher, server.cipher] = [both?.client ?? null, both?.server ?? null];
    }
    if (!client.cipher || !server.cipher) this.#isOver = true;
  }
}

function newSide(): SideState {
  return { left: Buffer.alloc(0), hello: Buffer.alloc(0), cipher: null, isProtected: false };
}
