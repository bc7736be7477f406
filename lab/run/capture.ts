/** The wire as a witness: a process on the client's host captures frames, and the lab reads events from them. */
import type { Delivered } from '../../services/capture/main.ts';
import type { Remote } from '../network/remote.ts';
import { messageOf } from '../vocabulary/errors.ts';
import type { EmittedEvent } from '../vocabulary/events.ts';
import { decodeFrames, type CapturedFrame } from '../vocabulary/frame-records.ts';
import { interfaceName, type Addresses } from '../vocabulary/topology.ts';
import type { Captured } from '../wire/capture-file.ts';
import { WireDecoder } from '../wire/decoder.ts';
import type { KeyLog } from '../wire/tls-keys.ts';

export type { Captured };

/** How much a capture keeps: the newest frames. */
export interface CaptureLimit {
  /** As many frames as have this many bytes together. All of them if it is not set. */
  keepBytes?: number;
}

export interface Capture {
  readonly captured: Captured;
  /** Waits for every frame that has passed so far. Returns why the capture is not complete, or null. */
  sync(): Promise<string | null>;
}

/** What a capture needs of a lab. */
export interface CaptureMeans {
  client: Addresses;
  /** Starts a program of this project on the client's host. */
  start(path: string, args: string[], onFrames: (records: Buffer) => void): Promise<Remote>;
  receive(event: EmittedEvent): void;
  /** The secrets of the lab's servers, in a lab that speaks HTTPS. Without it, nothing of TLS is loaded. */
  keyLog?: KeyLog | undefined;
}

/** Far longer than a frame can stay in the kernel. */
const syncLimitMs = 5_000;

/** Resolves when the capture listens. @throws {LabError} when it cannot. */
export async function startCapture({ client, start, receive, keyLog }: CaptureMeans, { keepBytes = Infinity }: CaptureLimit = {}): Promise<Capture> {
  const tls = keyLog && new (await import('../wire/lab-tls.ts')).LabTls(keyLog);
  const decoder = new WireDecoder([client.ipv4, client.ipv6], { ...(tls && { tls }), onLate: receive });
  const frames: CapturedFrame[] = [];
  let keptBytes = 0;
  const captured = { frames, dropped: 0, leftOut: 0 };
  const forgetOldest = (): void => {
    // A tenth at a time: to remove one frame of many for each new one is slow.
    let count = 0;
    for (; keptBytes > keepBytes; count++) keptBytes -= frames[count]?.bytes.length ?? 0;
    frames.splice(0, count);
    captured.leftOut += count;
  };
  const remote = await start('services/capture/main.ts', [interfaceName], (records) => {
    for (const frame of decodeFrames(records)) {
      frames.push(frame);
      keptBytes += frame.bytes.length;
      for (const event of decoder.decode(frame)) receive(event);
    }
    if (keptBytes > keepBytes * 1.1) forgetOldest();
  });
  return {
    captured,
    sync: async () => {
      try {
        const delivered = await remote.call<Delivered>('sync', {}, syncLimitMs);
        // The frames that came in the meantime are counted, too.
        const sent = Math.max(delivered.frames, frames.at(-1)?.number ?? 0);
        captured.dropped = delivered.dropped + sent - frames.length - captured.leftOut;
        return captured.dropped === 0 ? null : `the capture lost ${captured.dropped} of ${sent + delivered.dropped} frames, so the packets do not tell everything`;
      } catch (error) {
        return `the capture is not complete: ${messageOf(error)}`;
      }
    },
  };
}
