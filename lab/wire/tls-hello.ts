/** Reads the two hellos of TLS, which are in the clear (RFC 8446 section 4.1, RFC 5246 section 7.4.1). Their bytes come from the network, so a field that does not fit ends the list that it is in. */
import { cipherName, versionName } from './tls-names.ts';

const extensions = { serverName: 0, alpn: 16, sessionTicket: 35, preSharedKey: 41, supportedVersions: 43 };
/** The random of a ServerHello that asks for another ClientHello (RFC 8446 section 4.1.3). */
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

export interface ClientHello {
  random: Buffer;
  sessionId: Buffer;
  /** The name that the client wants to talk to (SNI, RFC 6066 section 3). Null without it: clients do not send an IP address. */
  serverName: string | null;
  alpn: string[];
  versions: string[];
  /** The client offers to resume a session: a pre-shared key, a ticket, or in TLS 1.2 a session id. */
  resumes: boolean;
}

export interface ServerHello {
  random: Buffer;
  suite: number;
  is13: boolean;
  version: string;
  cipher: string;
  /** The protocol that the server has chosen. TLS 1.3 says it in EncryptedExtensions. */
  alpn: string | null;
  resumed: boolean;
  /** The server asks for another ClientHello (HelloRetryRequest). */
  isRetry: boolean;
}

/** `message` is the body of the handshake message. Null if it is no ClientHello. */
export function readClientHello(message: Buffer): ClientHello | null {
  if (message.length < 35) return null;
  const sessionId = vector(message, 34, 1);
  const suites = vector(message, 35 + sessionId.length, 2);
  const methodsAt = 37 + sessionId.length + suites.length;
  const found = extensionsAt(message, methodsAt + 1 + vector(message, methodsAt, 1).length);
  const supported = found.get(extensions.supportedVersions);
  const versions = supported ? numbers(vector(supported, 0, 1)).filter((version) => !isGrease(version)) : [message.readUInt16BE(0)];
  // A client that speaks TLS 1.3 sends a session id also where it has no session (RFC 8446 appendix D.4), so the id does not tell.
  const offersSessionId = sessionId.length > 0 && !versions.includes(0x0304);
  return {
    random: message.subarray(2, 34),
    sessionId,
    serverName: serverNameIn(found.get(extensions.serverName)),
    alpn: alpnIn(found.get(extensions.alpn)),
    versions: versions.map(versionName),
    resumes: offersSessionId || [extensions.preSharedKey, extensions.sessionTicket].some((type) => (found.get(type)?.length ?? 0) > 0),
  };
}

/** `message` is the body of the handshake message, and `sessionId` that of the ClientHello. Null if it is no ServerHello. */
export function readServerHello(message: Buffer, sessionId: Buffer): ServerHello | null {
  if (message.length < 35) return null;
  const echoed = vector(message, 34, 1);
  const suiteAt = 35 + echoed.length;
  if (message.length < suiteAt + 3) return null;
  const random = message.subarray(2, 34);
  const suite = message.readUInt16BE(suiteAt);
  const found = extensionsAt(message, suiteAt + 3);
  const chosen = found.get(extensions.supportedVersions);
  const version = chosen && chosen.length >= 2 ? chosen.readUInt16BE(0) : message.readUInt16BE(0);
  const is13 = version === 0x0304;
  return {
    random,
    suite,
    is13,
    version: versionName(version),
    cipher: cipherName(suite),
    alpn: alpnIn(found.get(extensions.alpn))[0] ?? null,
    resumed: is13 ? found.has(extensions.preSharedKey) : echoed.length > 0 && echoed.equals(sessionId),
    isRetry: random.toString('hex') === retryRandom,
  };
}

/** The protocol in EncryptedExtensions (RFC 8446 section 4.3.1). */
export function alpnInExtensions(message: Buffer): string | null {
  return alpnIn(extensionsAt(message, 0).get(extensions.alpn))[0] ?? null;
}

/** The bytes behind a length of `lengthBytes` bytes. What the length promises and the bytes do not have is missing. */
function vector(bytes: Buffer, at: number, lengthBytes: 1 | 2): Buffer {
  if (at + lengthBytes > bytes.length) return Buffer.alloc(0);
  return bytes.subarray(at + lengthBytes, at + lengthBytes + bytes.readUIntBE(at, lengthBytes));
}

function extensionsAt(message: Buffer, at: number): Map<number, Buffer> {
  const list = vector(message, at, 2);
  const found = new Map<number, Buffer>();
  for (let next = 0; next + 4 <= list.length; ) {
    const value = vector(list, next + 2, 2);
    found.set(list.readUInt16BE(next), value);
    next += 4 + value.length;
  }
  return found;
}

function numbers(list: Buffer): number[] {
  return Array.from({ length: Math.floor(list.length / 2) }, (_, index) => list.readUInt16BE(index * 2));
}

/** The first name of the type host_name, which is 0. */
function serverNameIn(value: Buffer | undefined): string | null {
  const list = value ? vector(value, 0, 2) : Buffer.alloc(0);
  const name = list[0] === 0 ? vector(list, 1, 2).toString('latin1') : '';
  return name === '' ? null : name;
}

function alpnIn(value: Buffer | undefined): string[] {
  const list = value ? vector(value, 0, 2) : Buffer.alloc(0);
  const names: string[] = [];
  for (let at = 0; at < list.length; ) {
    const name = vector(list, at, 1);
    at += 1 + name.length;
    // Chromium adds a name that means nothing (GREASE, RFC 8701).
    if (name.length > 0 && !(name.length === 2 && isGrease(name.readUInt16BE(0)))) names.push(name.toString('latin1'));
  }
  return names;
}

/** Values that mean nothing, and keep servers tolerant (RFC 8701). */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}
