/**
 * Captures every frame of one interface and hands it to the lab.
 *
 *   node services/capture/main.ts eth0
 *
 * Beside the lines of the control protocol (lab/vocabulary/control.ts) it writes batches of frames, `{"frames":"<base64>"}`, in the
 * format of lab/vocabulary/frame-records.ts.
 */
import { encodeFrames } from '../../lab/vocabulary/frame-records.ts';
import { ready, serveStdin, writeLine } from '../../lab/vocabulary/control.ts';
import { realtimeMinusMonotonicNs } from './clocks.ts';
import { openPacketSocket } from './packet-socket.ts';

/** Ends a wait now and then, so that this process can end. */
const waitMs = 200;

const socket = (() => {
  try {
    return openPacketSocket(process.argv[2] ?? 'eth0');
  } catch (error) {
    console.error(`capture: cannot listen on ${process.argv[2] ?? 'eth0'}: ${(error as Error).message}; it needs CAP_NET_RAW`);
    process.exit(1);
  }
})();

function deliver(): void {
  const frames = [...socket.take()];
  if (frames.length > 0) writeLine({ frames: encodeFrames(frames, realtimeMinusMonotonicNs()).toString('base64') });
}

/** What has been delivered, and what the kernel had no room for. */
export interface Delivered {
  frames: number;
  dropped: number;
}

/** Delivers until nothing that the kernel has counted is missing: what is in a block that was not handed over yet follows within its retire time. */
async function sync(): Promise<Delivered> {
  const { received } = socket.statistics();
  for (;;) {
    deliver();
    const now = socket.statistics();
    if (socket.read + now.dropped >= received) return { frames: socket.read, dropped: now.dropped };
    await socket.wait(waitMs);
  }
}

serveStdin({ sync });
ready();
for (;;) {
  await socket.wait(waitMs);
  deliver();
}
