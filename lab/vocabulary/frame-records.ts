/** The format in which the capture process sends captured frames to the lab: one record after the other, as in a capture file. */

export interface CapturedFrame {
  /** The first frame of a capture has number 1. A gap in the numbers means that frames were lost on the way to the lab. */
  number: number;
  /** CLOCK_REALTIME of the host, in nanoseconds. The capture file has this time. */
  realtimeNs: bigint;
  /** CLOCK_MONOTONIC of the host, in milliseconds. Events have this time. */
  atMs: number;
  /** The length of the frame. `bytes` is shorter if the capture has cut the frame. */
  lengthBytes: number;
  bytes: Buffer;
}

/** The header of a record: difference of the clocks, seconds, nanoseconds, captured bytes, frame length, frame number. */
const headerBytes = 28;

/** Returns the records of `frames`. `realtimeMinusMonotonicNs` is the difference of the host's clocks. */
export function encodeFrames(
  frames: readonly { number: number; seconds: number; nanoseconds: number; lengthBytes: number; bytes: Buffer }[],
  realtimeMinusMonotonicNs: bigint,
): Buffer {
  return Buffer.concat(
    frames.flatMap(({ number, seconds, nanoseconds, lengthBytes, bytes }) => {
      const header = Buffer.alloc(headerBytes);
      header.writeBigInt64LE(realtimeMinusMonotonicNs, 0);
      header.writeUInt32LE(seconds, 8);
      header.writeUInt32LE(nanoseconds, 12);
      header.writeUInt32LE(bytes.length, 16);
      header.writeUInt32LE(lengthBytes, 20);
      header.writeUInt32LE(number, 24);
      return [header, bytes];
    }),
  );
}

/** Returns the frames of `records`, as encodeFrames made them. */
export function decodeFrames(records: Buffer): CapturedFrame[] {
  const frames: CapturedFrame[] = [];
  for (let at = 0; at + headerBytes <= records.length; ) {
    const realtimeNs = BigInt(records.readUInt32LE(at + 8)) * 1_000_000_000n + BigInt(records.readUInt32LE(at + 12));
    const start = at + headerBytes;
    at = start + records.readUInt32LE(at + 16);
    frames.push({
      number: records.readUInt32LE(start - 4),
      realtimeNs,
      atMs: Number(realtimeNs - records.readBigInt64LE(start - headerBytes)) / 1e6,
      lengthBytes: records.readUInt32LE(start - 8),
      bytes: records.subarray(start, at),
    });
  }
  return frames;
}
