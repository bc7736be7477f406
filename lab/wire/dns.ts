/** Reads DNS on the wire: one message in a UDP datagram, or many messages in a TCP stream. */
import { Packet } from 'dns2';
import { parseDnsPacket, typeName } from '../vocabulary/dns-packet.ts';
import { rcodes } from '../vocabulary/rcodes.ts';
import type { Side, StreamProtocol, WireEvent } from './stream.ts';

export interface DnsMessage {
  id: number;
  isResponse: boolean;
  name: string;
  type: string;
  rcode: string;
  truncated: boolean;
  /** The A and AAAA records of the answer section, in order. */
  addresses: string[];
}

/** Returns the content of a DNS message. @throws {Error} that says what is wrong with the bytes. */
export function parseDnsMessage(bytes: Buffer): DnsMessage {
  const { packet: { header, questions, answers }, announced } = parseDnsPacket(bytes);
  const [question] = questions;
  if (!question || answers.length !== announced.answers) throw new Error('a DNS message with a broken question or answer');
  return {
    id: header.id,
    isResponse: header.qr === 1,
    name: question.name,
    type: typeName(question.type),
    rcode: Object.entries(rcodes).find(([, number]) => number === header.rcode)?.[0] ?? `RCODE${header.rcode}`,
    truncated: header.tc === 1,
    addresses: answers.flatMap(({ type, address }) => ((type === Packet.TYPE.A || type === Packet.TYPE.AAAA) && address !== undefined ? [address] : [])),
  };
}

/** Over TCP, two bytes with the length stand before each DNS message (RFC 7766 section 8). Segments may cut a message at any byte. */
export class DnsOverTcp implements StreamProtocol {
  readonly #read: (message: Buffer) => WireEvent[];
  readonly #unread: Record<Side, Buffer> = { client: Buffer.alloc(0), server: Buffer.alloc(0) };

  /** `read` turns one message into events. */
  constructor(read: (message: Buffer) => WireEvent[]) {
    this.#read = read;
  }

  take(side: Side, bytes: Buffer): WireEvent[] {
    let unread = Buffer.concat([this.#unread[side], bytes]);
    const events: WireEvent[] = [];
    while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
      const end = 2 + unread.readUInt16BE(0);
      events.push(...this.#read(unread.subarray(2, end)));
      unread = unread.subarray(end);
    }
    this.#unread[side] = unread;
    return events;
  }
}
