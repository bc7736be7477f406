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
import type { Family } from '../../lab/vocabulary/topology.ts';
import { corrupted, familyOf, isHousekeeping, isSynAck, offloadBytes, peerOf, segmentsOf } from './frame.ts';
import { Lane, type Direction, type ImpairmentName, type Impairments } from './impairments.ts';
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
  /** Number of frames that were lost although no fault asked for it. */
  dropped: number;
}

export interface RelayReply {
  id: number;
  counts: RelayCounts;
}

/** The longest sleep. A request of the main thread, or the end of the process, waits at most this long. */
const longestWaitMs = 10;

const { segment, host, seed } = workerData as RelayOptions;
const main = parentPort;
if (!main) throw new Error('The relay runs only as a worker thread. Start services/link/main.ts.');

const outside = new Port(segment, { promiscuous: true });
const inside = new Port(host);
/** `to` leads to the host, `from` leads from it to the segment. */
const lanes = { to: new Lane<Buffer>('to', seed), from: new Lane<Buffer>('from', seed) };
const bits = seededRandom(`${seed}:bit`);

main.postMessage('ready');
for (;;) {
  for (let message = receiveMessageOnPort(main); message; message = receiveMessageOnPort(main)) obey(message.message as RelayRequest);
  // While eth0 has the host's hardware address, its own stack takes the frames, and the relay must not carry them: see lab/network/host-link.ts.
  carry(outside, inside, 'to');
  carry(inside, outside, 'from');
  sendDue();
  waitForFrames([outside, inside], Math.min(lanes.to.nextMs - nowMs(), lanes.from.nextMs - nowMs(), longestWaitMs));
}

function obey(request: RelayRequest): void {
  if ('set' in request) {
    const { name, value } = request.set;
    for (const lane of Object.values(lanes)) lane.set(name, value, nowMs());
    // Before the answer: then the lab may remove the relay.
    sendDue();
  }
  main?.postMessage({ id: request.id, counts: { dropped: outside.dropped + inside.dropped } } satisfies RelayReply);
}

/** Takes at most 64 frames at once, so that arriving frames do not delay the frames that are due. */
function carry(port: Port, onward: Port, direction: Direction): void {
  const lane = lanes[direction];
  for (let taken = 0; taken < 64; taken++) {
    const received = port.receive();
    if (received === null) return;
    const { packet, own } = received;
    if (own && direction === 'to') continue;
    const family = familyOf(packet);
    // A large TCP segment stays whole then, as on a link without a relay. To cut it and to carry each part takes nine times the CPU.
    if (family !== null && lane.isClear(family)) onward.send(packet);
    else passOneByOne(packet, family, direction);
  }
}

/** Passes the packets that would be on a wire: an impairment hits each one for itself. */
function passOneByOne(packet: Buffer, family: Family | null, direction: Direction): void {
  const atMs = nowMs();
  const facts = { family, peer: peerOf(packet, direction === 'to' ? 'source' : 'destination'), housekeeping: isHousekeeping(packet), synAck: isSynAck(packet) };
  for (const segment of segmentsOf(packet)) lanes[direction].pass(segment, { ...facts, bytes: segment.length - offloadBytes }, atMs);
}

function sendDue(): void {
  for (const [lane, port] of [[lanes.to, inside], [lanes.from, outside]] as const) {
    for (const { frame, corrupt } of lane.due(nowMs())) port.send(corrupt ? corrupted(frame, bits) : frame);
  }
}
