/** Captured frames on their way from the capture to the lab: records one after the other, as in a capture file. */

export interface CapturedFrame {
  /** The first frame of a capture is 1: a gap is a loss on the way. */
  number: number;
  /** CLOCK_REALTIME of the host, nanoseconds: what goes into the capture file. */
  realtimeNs: bigint;
  /** CLOCK_MONOTONIC of the host, milliseconds: what events are stamped with. */
  atMs: number;
  /** How long the frame was; `bytes` may hold less. */
  lengthBytes: number;
  bytes: Buffer;
}

/** Difference of the clocks, seconds, nanoseconds, captured, length, number. */
const headerBytes = 28;

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
