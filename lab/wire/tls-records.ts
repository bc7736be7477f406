/** Cuts the bytes of one side of a TLS connection into records (RFC 8446 section 5.1). */
import type { TlsRecord } from './tls-cipher.ts';

const headerBytes = 5;
/** The longest record is 2^14 bytes, and 2048 more in TLS 1.2 (RFC 5246 section 6.2.3). What says more is no TLS. */
const longestRecord = 16_384 + 2_048;
/** change_cipher_spec, alert, handshake, application_data, heartbeat. */
const [firstType, lastType] = [20, 24];

/** A record with the times of the frames that have its first and its last byte. */
export interface TimedRecord extends TlsRecord {
  startMs: number;
  endMs: number;
}

export class TlsRecords {
  /** Bytes of a record that is not whole, and the time of the first of them. */
  #left: Buffer = Buffer.alloc(0);
  #leftMs = 0;
  #isTls = true;

  /** Returns the records that are whole now. There are none behind bytes that are no record. */
  take(bytes: Buffer, atMs: number): TimedRecord[] {
    const records: TimedRecord[] = [];
    if (!this.#isTls) return records;
    if (this.#left.length === 0) this.#leftMs = atMs;
    let left = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    while (left.length >= headerBytes) {
      const [type = 0, major] = left;
      const end = headerBytes + left.readUInt16BE(3);
      if (type < firstType || type > lastType || major !== 3 || end > headerBytes + longestRecord) {
        this.#isTls = false;
        break;
      }
      if (left.length < end) break;
      records.push({ type, header: left.subarray(0, headerBytes), body: left.subarray(headerBytes, end), startMs: this.#leftMs, endMs: atMs });
      left = left.subarray(end);
      this.#leftMs = atMs;
    }
    // The rest of a frame must not keep the whole frame.
    this.#left = this.#isTls ? Buffer.from(left) : Buffer.alloc(0);
    return records;
  }
}
