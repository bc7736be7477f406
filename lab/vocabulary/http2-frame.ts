/** The frames of HTTP/2 (RFC 9113 section 4.1): read from bytes as they arrive, and written. */

export interface Http2Frame {
  type: number;
  flags: number;
  /** The number of its stream; 0 for the connection. */
  stream: number;
  payload: Buffer;
}

/** What a client sends first (RFC 9113 section 3.4). */
export const http2Preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const frameTypes = { data: 0, headers: 1, priority: 2, rstStream: 3, settings: 4, pushPromise: 5, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const;
/** The flags that the lab looks at. SETTINGS and PING use the first bit for `ack`. */
export const frameFlags = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;
/** The names of the error codes, by their numbers (RFC 9113 section 7). */
export const http2Errors = [
  'NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED',
] as const;
export type Http2Error = (typeof http2Errors)[number];

/** The name of an error code: `REFUSED_STREAM`. One that has no name is its number: `error 99`. */
export function http2ErrorName(code: number): string {
  return http2Errors[code] ?? `error ${code}`;
}

const headerBytes = 9;
/** The highest number of a stream (31 bits). In GOAWAY it says: all streams may be answered, and others will not be taken. */
export const lastStreamOfAll = 0x7fffffff;

/** The last stream of a GOAWAY, as the lab tells it. */
export function lastStreamText(lastStream: number): string {
  return lastStream === lastStreamOfAll ? 'not limited' : String(lastStream);
}

export function encodeFrame({ type, flags, stream, payload }: Http2Frame): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** GOAWAY (RFC 9113 section 6.8). */
export function goawayFrame(lastStream: number, error: Http2Error): Http2Frame {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream, 0);
  payload.writeUInt32BE(http2Errors.indexOf(error), 4);
  return { type: frameTypes.goaway, flags: 0, stream: 0, payload };
}

/** RST_STREAM (RFC 9113 section 6.4). */
export function rstStreamFrame(stream: number, error: Http2Error): Http2Frame {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(http2Errors.indexOf(error), 0);
  return { type: frameTypes.rstStream, flags: 0, stream, payload };
}

/** Reads frames from the bytes of one side. */
export class FrameReader {
  #left: Buffer = Buffer.alloc(0);

  /** Returns the frames that are whole with these bytes. A frame has 16 MB at most, since its length has 24 bits. */
  read(bytes: Buffer): Http2Frame[] {
    const frames: Http2Frame[] = [];
    let left = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    while (left.length >= headerBytes) {
      const end = headerBytes + left.readUIntBE(0, 3);
      if (left.length < end) break;
      frames.push({ type: left[3] ?? 0, flags: left[4] ?? 0, stream: left.readUInt32BE(5) & lastStreamOfAll, payload: left.subarray(headerBytes, end) });
      left = left.subarray(end);
    }
    this.#left = Buffer.from(left);
    return frames;
  }
}
