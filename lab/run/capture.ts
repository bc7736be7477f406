/** The wire as a witness: a process on the client's host that captures, and what its frames tell. */
import type { Delivered } from '../../services/capture/main.ts';
import { messageOf } from '../vocabulary/errors.ts';
import type { Lab } from './lab.ts';
import { programArgv } from '../network/programs.ts';
import { interfaceName } from '../vocabulary/topology.ts';
import { decodeFrames, type CapturedFrame } from '../vocabulary/frame-records.ts';
import { WireDecoder } from '../wire/decoder.ts';

export interface Captured {
  readonly frames: readonly CapturedFrame[];
  /** Frames the kernel had no room for. */
  readonly dropped: number;
}

export interface Capture {
  readonly captured: Captured;
  /** Waits for every frame that has passed so far. Returns why the capture is not whole, or null. */
  sync(): Promise<string | null>;
}

/** Longer than a frame can stay in the kernel's hands by far. */
const syncLimitMs = 5_000;

/** Resolves when the interface is listened to. @throws {LabError} when it cannot be. */
export async function startCapture(lab: Lab): Promise<Capture> {
  const decoder = new WireDecoder(lab.topology.hosts.client);
  const frames: CapturedFrame[] = [];
  const captured = { frames, dropped: 0 };
  const onFrames = (records: Buffer): void => {
    for (const frame of decodeFrames(records)) {
      frames.push(frame);
      for (const event of decoder.decode(frame)) lab.timeline.receive('client', event);
    }
  };
  const remote = await lab.startProcess('client', 'the capture', programArgv(lab.network.runtime, 'services/capture/main.ts', interfaceName), { privileged: true, onFrames });
  return {
    captured,
    sync: async () => {
      try {
        const delivered = await remote.call<Delivered>('sync', {}, syncLimitMs);
        // Frames that came meanwhile are there, too.
        const sent = Math.max(delivered.frames, frames.at(-1)?.number ?? 0);
        captured.dropped = delivered.dropped + sent - frames.length;
        return captured.dropped === 0 ? null : `the capture lost ${captured.dropped} of ${sent + delivered.dropped} frames: what the wire says is not the whole story`;
      } catch (error) {
        return `the capture is not whole: ${messageOf(error)}`;
      }
    },
  };
}
