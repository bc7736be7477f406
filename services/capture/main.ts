/**
 * Captures every frame of one interface and sends it to the lab.
 *
 *   node services/capture/main.ts eth0
 *
 * In addition to the lines of the control protocol (lab/vocabulary/control.ts) it writes batches of frames, `{"frames":"<base64>"}`, in the
 * format of lab/vocabulary/frame-records.ts.
 */
import { encodeFrames } from '../../lab/vocabulary/frame-records.ts';
import { ready, serveStdin, writeLine } from '../../lab/vocabulary/control.ts';
import { clockDifference } from './clocks.ts';
import { openPacketSocket } from './packet-socket.ts';

/** Limits each wait for frames, so that this process can end. It is long, because each end of a wait costs a lab that only waits some CPU time. */
const waitMs = 2_000;
const realtimeMinusMonotonicNs = clockDifference();

const socket = (() => {
  try {
    return openPacketSocket(process.argv[2] ?? 'eth0');
  } catch (error) {
    console.error(`capture: cannot listen on ${process.argv[2] ?? 'eth0'}: ${(error as Error).message}; it needs CAP_NET_RAW`);
    process.exit(1);
  }
})();

/** Resolves when frames have been delivered the next time. */
let delivery = Promise.withResolvers<undefined>();

function deliver(): void {
  const frames = [...socket.take()];
  if (frames.length === 0) return;
  writeLine({ frames: encodeFrames(frames, realtimeMinusMonotonicNs()).toString('base64') });
  delivery.resolve(undefined);
  delivery = Promise.withResolvers();
}

/** How many frames were delivered, and how many the kernel dropped because the ring was full. */
export interface Delivered {
  frames: number;
  dropped: number;
}

/**
 * Delivers frames until every frame that the kernel has counted is delivered or dropped. Frames in a block that the kernel has not handed
 * over yet follow within the block's retire time. Only `capture` waits for the kernel: a second wait could begin when the first one has just taken
 * the last block, and would then last to its end.
 */
async function sync(): Promise<Delivered> {
  const { received } = socket.statistics();
  for (;;) {
    deliver();
    const now = socket.statistics();
    if (socket.read + now.dropped >= received) return { frames: socket.read, dropped: now.dropped };
    await delivery.promise;
  }
}

serveStdin({ sync });
ready();

async function capture(): Promise<never> {
  for (;;) {
    await socket.wait(waitMs);
    deliver();
  }
}

void capture();
