/** Parses a DNS message from the network (RFC 1035 section 4) with dns2. The DNS server and the capture both use it. */
import { Packet } from 'dns2';

const headerBytes = 12;

/** The packet, and how many records its header announces for each section. A section with fewer records is broken; dns2 does not report that. */
export interface DnsPacket {
  packet: Packet;
  announced: { questions: number; answers: number; authorities: number; additionals: number };
}

/** Parses a message. @throws {Error} that says what is wrong with the bytes. */
export function parseDnsPacket(bytes: Buffer): DnsPacket {
  if (bytes.length < headerBytes) throw new Error(`${bytes.length} bytes are too short for a DNS header`);
  const [questions = 0, answers = 0, authorities = 0, additionals = 0] = [4, 6, 8, 10].map((offset) => bytes.readUInt16BE(offset));
  // A record has at least 5 bytes. Counts that cannot be true are refused here, before the parser loops over them.
  if ((questions + answers + authorities + additionals) * 5 > bytes.length) {
    throw new Error(`section counts ${[questions, answers, authorities, additionals].join('/')} do not fit ${bytes.length} bytes of DNS`);
  }
  return { packet: Packet.parse(bytes), announced: { questions, answers, authorities, additionals } };
}

/** Returns the name of a record type: `A`, or `TYPE65` if dns2 has no name for the number (RFC 3597 section 5). */
export function typeName(type: number): string {
  return Object.entries(Packet.TYPE).find(([, number]) => number === type)?.[0] ?? `TYPE${type}`;
}
