/** The difference between CLOCK_REALTIME, which stamps frames, and CLOCK_MONOTONIC, which stamps events (clock_gettime(2)). */
import koffi from 'koffi';

const CLOCK_REALTIME = 0;

const clockGettime = koffi.load('libc.so.6').func('int clock_gettime(int clock, _Out_ uint8_t *time)');

/**
 * Returns CLOCK_REALTIME minus CLOCK_MONOTONIC. Each batch of frames needs a new value, because the wall clock may be set while a capture runs.
 * The error is at most the time between two readings, a few microseconds.
 */
export function realtimeMinusMonotonicNs(): bigint {
  let best = { widthNs: 1n << 62n, differenceNs: 0n };
  for (let reading = 0; reading < 3; reading++) {
    const before = process.hrtime.bigint();
    const realtime = realtimeNs();
    const after = process.hrtime.bigint();
    if (after - before < best.widthNs) best = { widthNs: after - before, differenceNs: realtime - (before + after) / 2n };
  }
  return best.differenceNs;
}

function realtimeNs(): bigint {
  const time = Buffer.alloc(16);
  clockGettime(CLOCK_REALTIME, time);
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8);
}
