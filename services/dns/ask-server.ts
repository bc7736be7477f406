/** Encodes and reads DNS messages with code of its own, so that the tests do not check the server with the server's code (RFC 1035 section 4). */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

export const typeNumbers = { A: 1, SOA: 6, TXT: 16, AAAA: 28, OPT: 41, HTTPS: 65 } as const;

export interface QuerySpec {
  id?: number;
  name: string;
  type?: keyof typeof typeNumbers;
  classNumber?: number;
  opcode?: number;
  edns?: { payloadBytes: number; version?: number };
}

export interface ReadRecord {
  name: string;
  type: number;
  classNumber: number;
  ttl: number;
  data: Buffer;
}

export interface ReadResponse {
  bytes: Buffer;
  id: number;
  aa: boolean;
  tc: boolean;
  rd: boolean;
  ra: boolean;
  rcode: number;
  /** The name in the question, with its case unchanged. */
  name: string;
  answers: ReadRecord[];
  authorities: ReadRecord[];
  additionals: ReadRecord[];
}

export function encodeName(name: string): Buffer {
  const labels = name.split('.').filter(Boolean).map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

export function header(id: number, flags: number, counts: readonly [number, number, number, number]): Buffer {
  const bytes = Buffer.alloc(12);
  [id, flags, ...counts].forEach((word, index) => bytes.writeUInt16BE(word, index * 2));
  return bytes;
}

export function words(...values: number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 0xff])));
}

export function query({ id = 4711, name, type = 'A', classNumber = 1, opcode = 0, edns }: QuerySpec): Buffer {
  const opt = edns ? [Buffer.from([0]), words(typeNumbers.OPT, edns.payloadBytes), Buffer.from([0, edns.version ?? 0, 0, 0]), words(0)] : [];
  return Buffer.concat([header(id, 0x0100 | (opcode << 11), [1, 0, 0, edns ? 1 : 0]), encodeName(name), words(typeNumbers[type], classNumber), ...opt]);
}

export function readResponse(bytes: Buffer): ReadResponse {
  let at = 12;
  const readName = (): string => {
    const labels: string[] = [];
    let here = at;
    let after: number | undefined;
    for (let length = bytes.readUInt8(here); length > 0; length = bytes.readUInt8(here)) {
      if (length >= 0xc0) {
        after ??= here + 2;
        here = bytes.readUInt16BE(here) & 0x3fff;
      } else {
        labels.push(bytes.toString('latin1', here + 1, here + 1 + length));
        here += 1 + length;
      }
    }
    at = after ?? here + 1;
    return labels.join('.');
  };
  const readRecord = (): ReadRecord => {
    const name = readName();
    const [type, classNumber, ttl, length] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2), bytes.readUInt32BE(at + 4), bytes.readUInt16BE(at + 8)];
    at += 10 + length;
    return { name, type, classNumber, ttl, data: bytes.subarray(at - length, at) };
  };
  const [questions = 0, ...counts] = [4, 6, 8, 10].map((offset) => bytes.readUInt16BE(offset));
  const name = questions > 0 ? readName() : '';
  if (questions > 0) at += 4;
  const [answers = [], authorities = [], additionals = []] = counts.map((count) => Array.from({ length: count }, readRecord));
  const flags = bytes.readUInt16BE(2);
  if (at !== bytes.length) throw new Error(`The DNS message has ${bytes.length} bytes, but its sections end at byte ${at}.`);
  return {
    bytes,
    id: bytes.readUInt16BE(0),
    aa: (flags & 0x0400) > 0,
    tc: (flags & 0x0200) > 0,
    rd: (flags & 0x0100) > 0,
    ra: (flags & 0x0080) > 0,
    rcode: flags & 0x000f,
    name,
    answers,
    authorities,
    additionals,
  };
}

/** Returns the addresses of the answers: IPv4 as `198.51.100.11`, IPv6 as eight groups of hexadecimal digits. */
export function addressesOf({ answers }: ReadResponse): string[] {
  return answers.map(({ data }) => (data.length === 4 ? [...data].join('.') : [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => data.readUInt16BE(offset).toString(16)).join(':')));
}

/** Sends each message as a UDP datagram to 127.0.0.1. Resolves with the answers when `count` of them have arrived. */
export async function askUdp(port: number, messages: readonly Buffer[], count = messages.length): Promise<ReadResponse[]> {
  const socket = createSocket('udp4');
  const answers: ReadResponse[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on('message', (bytes) => {
      answers.push(readResponse(bytes));
      if (answers.length >= count) resolve();
    });
  });
  for (const message of messages) socket.send(message, port, '127.0.0.1');
  if (count > 0) await all;
  socket.close();
  return answers;
}

/**
 * Writes all messages in one segment, with `end` together with the FIN. Resolves with the answers when the server closes the connection or,
 * without `end`, after `count` answers.
 */
export async function askTcp(port: number, messages: readonly Buffer[], { end = false, count = messages.length } = {}): Promise<{ answers: ReadResponse[]; closed: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const bytes = Buffer.concat(messages.flatMap((message) => [words(message.length), message]));
  if (end) socket.end(bytes);
  else socket.write(bytes);
  let received = Buffer.alloc(0);
  const answers: ReadResponse[] = [];
  let closed = false;
  await new Promise<void>((resolve) => {
    socket.on('end', () => {
      closed = true;
      resolve();
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const messageEnd = 2 + received.readUInt16BE(0);
        answers.push(readResponse(received.subarray(2, messageEnd)));
        received = received.subarray(messageEnd);
      }
      if (!end && answers.length >= count) resolve();
    });
  });
  socket.destroy();
  return { answers, closed };
}
