/** Decrypts the records of one side of a TLS connection whose secret is known: AES-GCM and ChaCha20-Poly1305, which all of TLS 1.3 and most of TLS 1.2 use. */
import { createDecipheriv, createHmac, type CipherGCMTypes } from 'node:crypto';

interface Suite {
  cipher: CipherGCMTypes | 'chacha20-poly1305';
  hash: 'sha256' | 'sha384';
  keyBytes: number;
}

const aes128: Suite = { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 };
const aes256: Suite = { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 };
const chacha: Suite = { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 };
/** By their numbers in the registry of IANA (TLS Cipher Suites). */
const suites: Readonly<Record<number, Suite>> = {
  0x1301: aes128, 0x1302: aes256, 0x1303: chacha,
  0xc02b: aes128, 0xc02f: aes128, 0x009c: aes128, 0x009e: aes128,
  0xc02c: aes256, 0xc030: aes256, 0x009d: aes256, 0x009f: aes256,
  0xcca8: chacha, 0xcca9: chacha, 0xccaa: chacha,
};
const tagBytes = 16;

/** A record as it stands in the stream. */
export interface TlsRecord {
  type: number;
  /** Type, version and length. */
  header: Buffer;
  body: Buffer;
}

/** What a record holds. */
export interface Opened {
  type: number;
  content: Buffer;
}

/** The keys of one side. A record that does not fit them is null, and does not count. */
export interface SideCipher {
  open(record: TlsRecord): Opened | null;
  /** TLS 1.3: the next secret, after a KeyUpdate (RFC 8446 section 7.2). */
  update(): void;
}

/** The cipher of one side of TLS 1.3, from its traffic secret (RFC 8446 section 7.3). Null for a cipher suite that is not known here. */
export function cipherOf13(suite: number, trafficSecret: Buffer): SideCipher | null {
  const known = suites[suite];
  if (!known || suite >> 8 !== 0x13) return null;
  let secret = trafficSecret;
  let keys = keysOf13(known, secret);
  let sequence = 0n;
  return {
    open: (record) => {
      const plain = decrypt(known, keys.key, withSequence(keys.iv, sequence), record.header, record.body);
      if (plain === null) return null;
      sequence += 1n;
      // The type of the content is its last byte that is not zero; what follows is padding (section 5.4).
      let end = plain.length - 1;
      while (end > 0 && plain[end] === 0) end -= 1;
      return { type: plain[end] ?? 0, content: plain.subarray(0, Math.max(end, 0)) };
    },
    update: () => {
      secret = expandLabel(known.hash, secret, 'traffic upd', secret.length);
      keys = keysOf13(known, secret);
      sequence = 0n;
    },
  };
}

/** The ciphers of both sides of TLS 1.2, from its master secret (RFC 5246 section 6.3, RFC 5288, RFC 7905). Null for a cipher suite that is not known here. */
export function ciphersOf12(suite: number, master: Buffer, clientRandom: Buffer, serverRandom: Buffer): { client: SideCipher; server: SideCipher } | null {
  const known = suites[suite];
  if (!known || suite >> 8 === 0x13) return null;
  const isGcm = known.cipher !== 'chacha20-poly1305';
  const ivBytes = isGcm ? 4 : 12;
  const block = prf(known.hash, master, 'key expansion', Buffer.concat([serverRandom, clientRandom]), 2 * (known.keyBytes + ivBytes));
  const part = (from: number, bytes: number): Buffer => block.subarray(from, from + bytes);
  const side = (key: Buffer, iv: Buffer): SideCipher => {
    let sequence = 0n;
    return {
      open: ({ type, header, body }) => {
        const explicit = isGcm ? body.subarray(0, 8) : Buffer.alloc(0);
        const rest = body.subarray(explicit.length);
        if (rest.length < tagBytes) return null;
        const associated = Buffer.alloc(13);
        associated.writeBigUInt64BE(sequence);
        header.copy(associated, 8, 0, 3);
        associated.writeUInt16BE(rest.length - tagBytes, 11);
        const plain = decrypt(known, key, isGcm ? Buffer.concat([iv, explicit]) : withSequence(iv, sequence), associated, rest);
        if (plain === null) return null;
        sequence += 1n;
        return { type, content: plain };
      },
      update: () => undefined,
    };
  };
  const { keyBytes } = known;
  return { client: side(part(0, keyBytes), part(2 * keyBytes, ivBytes)), server: side(part(keyBytes, keyBytes), part(2 * keyBytes + ivBytes, ivBytes)) };
}

function keysOf13({ hash, keyBytes }: Suite, secret: Buffer): { key: Buffer; iv: Buffer } {
  return { key: expandLabel(hash, secret, 'key', keyBytes), iv: expandLabel(hash, secret, 'iv', 12) };
}

/** HKDF-Expand-Label of RFC 8446 section 7.1, with an empty context. */
function expandLabel(hash: string, secret: Buffer, label: string, bytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([bytes >> 8, bytes & 0xff, name.length]), name, Buffer.from([0])]);
  let [out, last]: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  for (let count = 1; out.length < bytes; count++) {
    last = createHmac(hash, secret).update(Buffer.concat([last, info, Buffer.from([count])])).digest();
    out = Buffer.concat([out, last]);
  }
  return out.subarray(0, bytes);
}

/** The PRF of TLS 1.2 (RFC 5246 section 5). */
function prf(hash: string, secret: Buffer, label: string, seed: Buffer, bytes: number): Buffer {
  const whole = Buffer.concat([Buffer.from(label), seed]);
  const hmac = (data: Buffer): Buffer => createHmac(hash, secret).update(data).digest();
  let [out, a]: [Buffer, Buffer] = [Buffer.alloc(0), whole];
  while (out.length < bytes) {
    a = hmac(a);
    out = Buffer.concat([out, hmac(Buffer.concat([a, whole]))]);
  }
  return out.subarray(0, bytes);
}

/** The nonce of a record: the IV of the side, and the number of the record in its last eight bytes (RFC 8446 section 5.3). */
function withSequence(iv: Buffer, sequence: bigint): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(iv.length - 8) ^ sequence, iv.length - 8);
  return nonce;
}

function decrypt({ cipher }: Suite, key: Buffer, nonce: Buffer, associated: Buffer, body: Buffer): Buffer | null {
  if (body.length < tagBytes) return null;
  try {
    const decipher = createDecipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(associated);
    decipher.setAuthTag(body.subarray(body.length - tagBytes));
    return Buffer.concat([decipher.update(body.subarray(0, body.length - tagBytes)), decipher.final()]);
  } catch {
    // The tag does not fit: another key, or the record was changed.
    return null;
  }
}
