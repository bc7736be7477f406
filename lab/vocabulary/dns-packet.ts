/** A DNS message from the network (RFC 1035 section 4), parsed by dns2. A server and a capture read it alike. */
import { Packet } from 'dns2';

const headerBytes = 12;

/** The packet, and how many records of each section its header announces: a section that holds fewer was broken, and dns2 does not say so. */
export interface DnsPacket {
  packet: Packet;
  announced: { questions: number; answers: number; authorities: number; additionals: number };
}

/** @throws {Error} that says what is wrong with the bytes. */
export function parseDnsPacket(bytes: Buffer): DnsPacket {
  if (bytes.length < headerBytes) throw new Error(`${bytes.length} bytes are too short for a DNS header`);
  const [questions = 0, answers = 0, authorities = 0, additionals = 0] = [4, 6, 8, 10].map((offset) => bytes.readUInt16BE(offset));
  // A record takes 5 bytes at least. Counts that cannot be true are refused before the parser loops over them.
  if ((questions + answers + authorities + additionals) * 5 > bytes.length) {
    throw new Error(`section counts ${[questions, answers, authorities, additionals].join('/')} do not fit ${bytes.length} bytes of DNS`);
  }
  return { packet: Packet.parse(bytes), announced: { questions, answers, authorities, additionals } };
}

/** `A`, or `TYPE65` where dns2 has no name for the number (RFC 3597 section 5). */
export function typeName(type: number): string {
  return Object.entries(Packet.TYPE).find(([, number]) => number === type)?.[0] ?? `TYPE${type}`;
}
