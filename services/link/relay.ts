/**
 * The relay's thread. It sleeps in the kernel until a frame arrives or a frame is due to leave. Node's timers are not exact enough for
 * this: their unit is a millisecond.
 *
 *   the segment ── eth0 ──▶ to ──▶ outer ══ inner ── the host's stack
 *                       ◀── from ◀──
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { nowMs } from '../../lab/vocabulary/events.ts';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { corrupted, familyOf, isHousekeeping, isSynAck, offloadBytes, peerOf, segmentsOf } from './frame.ts';
import { Lane, type Direction, type FrameFacts, type ImpairmentName, type Impairments } from './impairments.ts';
import { Port, waitForFrames } from './port.ts';

export interface RelayOptions {
  /** The interface on the segment. */
  segment: string;
  /** The interface that leads to the host's stack. */
  host: string;
  seed: string;
}

/** A request of the main thread. The relay answers each request with a `RelayReply` of the same id. */
export type RelayRequest = { id: number } & ({ set: { name: ImpairmentName; value: Impairments[ImpairmentName] | null } } | { count: true });

export interface RelayCounts {
  /** Number of frames since the start, for each direction. */
  carried: { to: number; from: number };
  /** Number of frames that were lost although no fault asked for it. */
  dropped: number;
}

export interface RelayReply {
  id: number;
  counts: RelayCounts;
}

/** The longest sleep. A request of the main thread, or the end of the process, waits at most this long. */
const longestWaitMs = 10;

interface Waiting {
  atMs: number;
  port: Port;
  packet: Buffer;
}

const { segment, host, seed } = workerData as RelayOptions;
const main = parentPort;
if (!main) throw new Error('The relay runs only as a worker thread. Start services/link/main.ts.');

const outside = new Port(segment, { promiscuous: true });
const inside = new Port(host);
const lanes = { to: new Lane('to', seed), from: new Lane('from', seed) };
const bits = seededRandom(`${seed}:bit`);
const carried = { to: 0, from: 0 };
/** The frames that wait to leave, in the order in which they are due. */
const waiting: Waiting[] = [];

main.postMessage('ready');
for (;;) {
  for (let message = receiveMessageOnPort(main); message; message = receiveMessageOnPort(main)) obey(message.message as RelayRequest);
  // While eth0 has the host's hardware address, its own stack takes the frames, and the relay must not carry them: see lab/network/host-link.ts.
  takeFrom(outside, inside, 'to');
  takeFrom(inside, outside, 'from');
  sendUntil(nowMs());
  waitForFrames([outside, inside], Math.min((waiting[0]?.atMs ?? Infinity) - nowMs(), longestWaitMs));
}

function obey(request: RelayRequest): void {
  if ('set' in request) {
    // Send all waiting frames now, because a link that heals holds no frame back.
    sendUntil(Infinity);
    const { name, value } = request.set;
    for (const lane of Object.values(lanes)) lane.set(name, value, nowMs());
  }
  main?.postMessage({ id: request.id, counts: { carried: { ...carried }, dropped: outside.dropped + inside.dropped } } satisfies RelayReply);
}

/** Takes at most 64 frames at once, so that arriving frames do not delay the frames that are due. */
function takeFrom(port: Port, other: Port, direction: Direction): void {
  for (let taken = 0; taken < 64; taken++) {
    const received = port.receive();
    if (received === null) return;
    if (received.own && direction === 'to') continue;
    const atMs = nowMs();
    for (const packet of segmentsOf(received.packet)) {
      carried[direction]++;
      const facts: FrameFacts = {
        family: familyOf(packet),
        peer: peerOf(packet, direction === 'to' ? 'source' : 'destination'),
        housekeeping: isHousekeeping(packet),
        synAck: isSynAck(packet),
        bytes: packet.length - offloadBytes,
      };
      for (const departure of lanes[direction].pass(facts, atMs)) wait({ atMs: departure.atMs, port: other, packet: departure.corrupt ? corrupted(packet, bits) : packet });
    }
  }
}

/** Inserts the frame after all frames that are due at the same time or earlier. */
function wait(frame: Waiting): void {
  let [low, high] = [0, waiting.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((waiting[middle]?.atMs ?? Infinity) <= frame.atMs) low = middle + 1;
    else high = middle;
  }
  waiting.splice(low, 0, frame);
}

function sendUntil(dueMs: number): void {
  let count = 0;
  while (count < waiting.length && (waiting[count]?.atMs ?? Infinity) <= dueMs) count++;
  for (const { port, packet } of waiting.splice(0, count)) port.send(packet);
}
