/**
 * Decodes the header fields of HTTP/2 (HPACK, RFC 7541). The decoder follows the dynamic table, so it must read every block of its side from the first one on. The
 * npm registry has one decoder that is in use, hpack.js, and nobody has kept it since 2016.
 */
import { readHuffman } from './huffman.ts';

export type Field = readonly [name: string, value: string];

/** The static table (appendix A), from index 1 on. */
const staticTable: readonly Field[] = [
  ':authority', ':method GET', ':method POST', ':path /', ':path /index.html', ':scheme http', ':scheme https', ':status 200', ':status 204', ':status 206', ':status 304', ':status 400', ':status 404', ':status 500',
  'accept-charset', 'accept-encoding gzip, deflate', 'accept-language', 'accept-ranges', 'accept', 'access-control-allow-origin', 'age', 'allow', 'authorization', 'cache-control', 'content-disposition',
  'content-encoding', 'content-language', 'content-length', 'content-location', 'content-range', 'content-type', 'cookie', 'date', 'etag', 'expect', 'expires', 'from', 'host', 'if-match', 'if-modified-since',
  'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified', 'link', 'location', 'max-forwards', 'proxy-authenticate', 'proxy-authorization', 'range', 'referer', 'refresh', 'retry-after', 'server',
  'set-cookie', 'strict-transport-security', 'transfer-encoding', 'user-agent', 'vary', 'via', 'www-authenticate',
].map((text): Field => {
  const [name = '', ...value] = text.split(' ');
  return [name, value.join(' ')];
});

/** What the other side has announced, until it announces something else (RFC 9113 section 6.5.2). */
const usualTableBytes = 4_096;
/** No implementation announces more. A table that grows without a limit would fill the memory. */
const mostTableBytes = 1024 * 1024;
/** A few bytes can name a long field of the table again and again. */
const mostFieldBytes = 1024 * 1024;
/** What an entry counts beyond its name and value (section 4.1). */
const entryBytes = 32;

/** Where the next byte of a block stands. */
interface Cursor {
  block: Buffer;
  at: number;
}

export class HpackDecoder {
  /** The newest entry comes last. Those before `#oldest` were removed: to take the first element out of a long array, for each new one, is slow. */
  #table: Field[] = [];
  #oldest = 0;
  #bytes = 0;
  #mostBytes = usualTableBytes;
  #allowedBytes = usualTableBytes;

  /** The other side has announced how large the table may be (SETTINGS_HEADER_TABLE_SIZE). The encoder says when it uses that. */
  allow(bytes: number): void {
    this.#allowedBytes = Math.min(Math.max(this.#allowedBytes, bytes), mostTableBytes);
  }

  /** Returns the fields of one whole block, in order. @throws {Error} when the block is broken. No later block can be read then. */
  decode(block: Buffer): Field[] {
    const cursor = { block, at: 0 };
    const fields: Field[] = [];
    let bytes = 0;
    while (cursor.at < block.length) {
      const field = this.#next(cursor);
      if (!field) continue;
      bytes += sizeOf(field);
      if (bytes > mostFieldBytes) throw new Error('the fields of a block are too long');
      fields.push(field);
    }
    return fields;
  }

  /** Returns the next field. Null for a change of the table's size (section 6). */
  #next(cursor: Cursor): Field | null {
    const first = cursor.block[cursor.at] ?? 0;
    if (first >= 0x80) return this.#entry(readInteger(cursor, 7));
    if (first >= 0x40) {
      const field = this.#literal(cursor, 6);
      this.#add(field);
      return field;
    }
    if (first < 0x20) return this.#literal(cursor, 4);
    const bytes = readInteger(cursor, 5);
    if (bytes > this.#allowedBytes) throw new Error(`a table of ${bytes} bytes, and ${this.#allowedBytes} are allowed`);
    this.#mostBytes = bytes;
    this.#evict();
    return null;
  }

  /** A field whose name, at least, stands in the block or in the table. */
  #literal(cursor: Cursor, prefixBits: number): Field {
    const index = readInteger(cursor, prefixBits);
    const name = index === 0 ? readString(cursor) : this.#entry(index)[0];
    return [name, readString(cursor)];
  }

  /** The dynamic table follows the static one (section 2.3.3). */
  #entry(index: number): Field {
    const place = this.#table.length - (index - staticTable.length);
    const field = index <= staticTable.length ? staticTable[index - 1] : place >= this.#oldest ? this.#table[place] : undefined;
    if (!field) throw new Error(`no entry ${index} in the table`);
    return field;
  }

  #add(field: Field): void {
    this.#table.push(field);
    this.#bytes += sizeOf(field);
    this.#evict();
  }

  /** Removes the oldest entries. An entry that is larger than the table empties it (section 4.4). */
  #evict(): void {
    while (this.#bytes > this.#mostBytes) {
      const oldest = this.#table[this.#oldest++];
      this.#bytes -= oldest ? sizeOf(oldest) : this.#bytes;
    }
    if (this.#oldest < 64 || this.#oldest < this.#table.length / 2) return;
    this.#table = this.#table.slice(this.#oldest);
    this.#oldest = 0;
  }
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + entryBytes;
}

/** No number of a real block is larger. */
const largestInteger = 2 ** 28;

/** A number whose first bits fill the rest of a byte (section 5.1). */
function readInteger(cursor: Cursor, prefixBits: number): number {
  const most = 2 ** prefixBits - 1;
  let value = byte(cursor) & most;
  if (value < most) return value;
  for (let factor = 1; ; factor *= 128) {
    const next = byte(cursor);
    value += (next & 0x7f) * factor;
    if (value > largestInteger) throw new Error('a number that is too large');
    if (next < 0x80) return value;
    if (factor > largestInteger) throw new Error('a number that does not end');
  }
}

/** A text, plain or in the Huffman code (section 5.2). */
function readString(cursor: Cursor): string {
  const isHuffman = ((cursor.block[cursor.at] ?? 0) & 0x80) > 0;
  const length = readInteger(cursor, 7);
  const bytes = cursor.block.subarray(cursor.at, cursor.at + length);
  if (bytes.length < length) throw new Error('a text that goes on behind the block');
  cursor.at += length;
  return (isHuffman ? readHuffman(bytes) : bytes).toString('latin1');
}

function byte(cursor: Cursor): number {
  const value = cursor.block[cursor.at++];
  if (value === undefined) throw new Error('a block that ends too early');
  return value;
}
