/** DNS on the wire: one message in a UDP datagram, or many in a TCP stream. */
import { Packet } from 'dns2';
import { parseDnsPacket, typeName } from '../vocabulary/dns-packet.ts';
import { rcodes } from '../vocabulary/rcodes.ts';

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

/** @throws {Error} that says what is wrong with the bytes. */
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
