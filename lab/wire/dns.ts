/** Reads DNS on the wire: one message in a UDP datagram, or many messages in a TCP stream. */
import { parseDnsPacket, typeName, type DnsRecord } from '../vocabulary/dns-packet.ts';
import { httpsRecordText } from '../vocabulary/https-record.ts';
import { rcodes } from '../vocabulary/rcodes.ts';
import { ipv4At, ipv6At } from './packets.ts';
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
  /** The HTTPS records of the answer section, as text. Not set if there are none. */
  services?: string[];
  /** The lowest TTL of the answer section, in seconds. Not set if it is empty. */
  ttlS?: number;
}

/** Returns the content of a DNS message. @throws {Error} that says what is wrong with the bytes. */
export function parseDnsMessage(bytes: Buffer): DnsMessage {
  const { id, isResponse, isTruncated, rcode, questions: [question], answers } = parseDnsPacket(bytes);
  if (!question) throw new Error('a DNS message without a question');
  const services = answers.flatMap(({ type, data }) => (typeName(type) === 'HTTPS' ? httpsRecordText(data) : []));
  return {
    id,
    isResponse,
    name: question.name,
    type: typeName(question.type),
    rcode: Object.entries(rcodes).find(([, number]) => number === rcode)?.[0] ?? `RCODE${rcode}`,
    truncated: isTruncated,
    addresses: answers.flatMap(addressOf),
    ...(services.length > 0 && { services }),
    ...(answers.length > 0 && { ttlS: Math.min(...answers.map(({ ttl }) => ttl)) }),
  };
}

/** The address of an A or AAAA record (RFC 1035 section 3.4.1, RFC 3596 section 2.2). None for other records. */
function addressOf({ type, data }: DnsRecord): string[] {
  const name = typeName(type);
  if (name !== 'A' && name !== 'AAAA') return [];
  if (data.length !== (name === 'A' ? 4 : 16)) throw new Error(`a DNS record of type ${name} with ${data.length} bytes of data`);
  return [name === 'A' ? ipv4At(data, 0) : ipv6At(data, 0)];
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
