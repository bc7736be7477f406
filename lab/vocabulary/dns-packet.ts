/**
 * Parses a DNS message from the network (RFC 1035 section 4). The DNS server and the capture both use it.
 *
 * It does not use dns2, whose parser leaves out each record that it cannot read, takes the length of an EDNS option for bits, so that it
 * refuses a query with two options, and follows any number of pointers for each name: one message of 64 KiB keeps it busy for a minute.
 */

export interface DnsQuestion {
  /** In the case of the message, without the dot at its end. A byte above 127 is a character of Latin-1. */
  name: string;
  type: number;
  class: number;
}

export interface DnsRecord extends DnsQuestion {
  /** Seconds. In an OPT record, flags (RFC 6891 section 6.1.3). */
  ttl: number;
  data: Buffer;
}

export interface DnsPacket {
  id: number;
  isResponse: boolean;
  opcode: number;
  isTruncated: boolean;
  isRecursionDesired: boolean;
  /** With the upper bits of the OPT record (RFC 6891 section 6.1.3). */
  rcode: number;
  questions: DnsQuestion[];
  answers: DnsRecord[];
  authorities: DnsRecord[];
  additionals: DnsRecord[];
}

const headerBytes = 12;
const OPT = 41;

/** Parses a message. @throws {Error} that says what is wrong with the bytes. */
export function parseDnsPacket(bytes: Buffer): DnsPacket {
  const reader = new Reader(bytes);
  const [id, flags, ...counts] = [reader.word(), reader.word(), reader.word(), reader.word(), reader.word(), reader.word()];
  const [questionCount, answerCount, authorityCount, additionalCount] = counts;
  const questions = reader.section('question', questionCount, () => reader.question());
  const answers = reader.section('answer', answerCount, () => reader.record());
  const authorities = reader.section('authority', authorityCount, () => reader.record());
  const additionals = reader.section('additional', additionalCount, () => reader.record());
  const opt = additionals.find(({ type }) => type === OPT);
  return {
    id,
    isResponse: (flags & 0x8000) > 0,
    opcode: (flags >> 11) & 15,
    isTruncated: (flags & 0x0200) > 0,
    isRecursionDesired: (flags & 0x0100) > 0,
    rcode: (((opt?.ttl ?? 0) >>> 24) << 4) | (flags & 15),
    questions,
    answers,
    authorities,
    additionals,
  };
}

/** The record types that have a name in events and rules. The names are those of dns2 (`EDNS` is OPT, RFC 6891), which has none for SVCB and HTTPS (RFC 9460). */
const typeNames = new Map(Object.entries({
  A: 1, NS: 2, MD: 3, MF: 4, CNAME: 5, SOA: 6, MB: 7, MG: 8, MR: 9, NULL: 10, WKS: 11, PTR: 12, HINFO: 13, MINFO: 14, MX: 15, TXT: 16, AAAA: 28, SRV: 33,
  EDNS: 41, DNSKEY: 48, SVCB: 64, HTTPS: 65, SPF: 99, AXFR: 252, MAILB: 253, MAILA: 254, ANY: 255, CAA: 257,
}).map(([name, type]) => [type, name]));

/** Returns the name of a record type: `A`, or `TYPE61` if the lab has no name for the number (RFC 3597 section 5). */
export function typeName(type: number): string {
  return typeNames.get(type) ?? `TYPE${type}`;
}

/** Reads one field of a message after the other. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    if (bytes.length < headerBytes) throw new Error(`${bytes.length} bytes are too short for a DNS header`);
    this.#bytes = bytes;
  }

  /** Reads the entries of a section. @throws {Error} that names the section. */
  section<Entry>(name: string, count: number, read: () => Entry): Entry[] {
    const entries: Entry[] = [];
    try {
      while (entries.length < count) entries.push(read());
    } catch (error) {
      throw new Error(`the ${name} section of a DNS message, which has ${count} ${count === 1 ? 'entry' : 'entries'}: entry ${entries.length + 1} has ${(error as Error).message}`, { cause: error });
    }
    return entries;
  }

  question(): DnsQuestion {
    return { name: this.#name(), type: this.word(), class: this.word() };
  }

  record(): DnsRecord {
    return { ...this.question(), ttl: this.word() * 0x10000 + this.word(), data: this.#take(this.word()) };
  }

  word(): number {
    return this.#bytes.readUInt16BE(this.#pass(2));
  }

  #take(count: number): Buffer {
    const from = this.#pass(count);
    return this.#bytes.subarray(from, from + count);
  }

  /** Goes on by so many bytes, and returns where they start. */
  #pass(count: number): number {
    const from = this.#at;
    if (from + count > this.#bytes.length) throw new Error(`${Math.max(this.#bytes.length - from, 0)} of ${count} bytes`);
    this.#at += count;
    return from;
  }

  /** Reads a name (RFC 1035 sections 3.1 and 4.1.4). A pointer leads to an earlier name, and so no name points at itself. */
  #name(): string {
    const bytes = this.#bytes;
    const labels: string[] = [];
    let [at, start, nameBytes] = [this.#at, this.#at, 1];
    let after: number | undefined;
    for (;;) {
      const length = bytes[at];
      if (length === undefined) throw new Error('a name that goes beyond the end');
      if (length === 0) break;
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | (bytes[at + 1] ?? 0);
        if (target < headerBytes || target >= start) throw new Error(`a name that points at byte ${target}, where no earlier name is`);
        after ??= at + 2;
        at = start = target;
        continue;
      }
      if (length > 63) throw new Error(`a label of the reserved type ${length >> 6}`);
      nameBytes += length + 1;
      if (nameBytes > 255) throw new Error('a name of more than 255 bytes');
      const label = bytes.toString('latin1', at + 1, at + 1 + length);
      // No text could tell this dot from the dots between labels.
      if (label.includes('.')) throw new Error('a dot inside a label');
      labels.push(label);
      at += 1 + length;
    }
    this.#at = after ?? at + 1;
    return labels.join('.');
  }
}
