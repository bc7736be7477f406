/** The difference between CLOCK_REALTIME, which stamps frames, and CLOCK_MONOTONIC, which stamps events (clock_gettime(2)). */
import koffi from 'koffi';

const CLOCK_REALTIME = 0;

const clockGettime = koffi.load('libc.so.6').func('int clock_gettime(int clock, _Out_ uint8_t *time)');

/** CLOCK_REALTIME, read between two readings of CLOCK_MONOTONIC. */
export interface BothClocks {
  beforeNs: bigint;
  realtimeNs: bigint;
  afterNs: bigint;
}

/** So many readings are made for a new difference. The quickest counts: this process may have to wait for a processor in the middle of a reading. */
const readings = 8;

/**
 * Returns a function that returns CLOCK_REALTIME minus CLOCK_MONOTONIC. Each batch of frames asks it, because the wall clock may be set while a capture runs. Both clocks
 * run at the same rate (adjtimex(2) acts on both), so the difference stays as it is as long as a new reading allows it: two frames of one capture are as far apart on one clock as on the other.
 */
export function clockDifference(read: () => BothClocks = readClocks): () => bigint {
  let knownNs: bigint | null = null;
  return () => {
    const now = read();
    if (knownNs !== null && now.realtimeNs - now.afterNs <= knownNs && knownNs <= now.realtimeNs - now.beforeNs) return knownNs;
    const widthNs = ({ beforeNs, afterNs }: BothClocks): bigint => afterNs - beforeNs;
    const { beforeNs, realtimeNs, afterNs } = Array.from({ length: readings }, read).reduce((best, each) => (widthNs(each) < widthNs(best) ? each : best));
    return (knownNs = realtimeNs - (beforeNs + afterNs) / 2n);
  };
}

function readClocks(): BothClocks {
  const time = Buffer.alloc(16);
  const beforeNs = process.hrtime.bigint();
  clockGettime(CLOCK_REALTIME, time);
  const afterNs = process.hrtime.bigint();
  return { beforeNs, realtimeNs: time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8), afterNs };
}
