/** A DNS message as the wire has it, query or response (RFC 1035 section 4). */
import { Packet } from 'dns2';
import { typeName } from '../../services/dns/answer.ts';
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

const headerBytes = 12;

/** @throws {Error} saying what is wrong with the bytes; dns2's parser passes over broken sections in silence, so the counts are compared here. */
export function parseDnsMessage(bytes: Buffer): DnsMessage {
  if (bytes.length < headerBytes) throw new Error(`${bytes.length} bytes are too short for a DNS header`);
  const counts = [4, 6, 8, 10].map((offset) => bytes.readUInt16BE(offset));
  // A record takes 5 bytes at least: refuse counts that cannot be true before the parser loops over them.
  if (counts.reduce((sum, count) => sum + count) * 5 > bytes.length) throw new Error(`section counts ${counts.join('/')} do not fit ${bytes.length} bytes of DNS`);
  const { header, questions, answers } = Packet.parse(bytes);
  const [question] = questions;
  if (!question || answers.length !== counts[1]) throw new Error('a DNS message with a broken question or answer');
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
