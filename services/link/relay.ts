/**
 * The relay's own thread: it sleeps in the kernel until a frame comes or one is due, which Node's timers, good to a millisecond,
 * could not do.
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
  /** The interface on the segment, and the one that leads to the host's stack. */
  segment: string;
  host: string;
  seed: string;
}

/** What the main thread asks for; each is answered with a `RelayReply` of the same id. */
export type RelayRequest = { id: number } & ({ set: { name: ImpairmentName; value: Impairments[ImpairmentName] | null } } | { count: true });

export interface RelayCounts {
  /** Frames since the start. */
  carried: { to: number; from: number };
  /** What was lost although no fault asked for it. */
  dropped: number;
}

export interface RelayReply {
  id: number;
  counts: RelayCounts;
}

/** How long a request may wait, and the end of the process. */
const longestWaitMs = 10;

interface Waiting {
  atMs: number;
  port: Port;
  packet: Buffer;
}

const { segment, host, seed } = workerData as RelayOptions;
const main = parentPort;
if (!main) throw new Error('The relay runs as a worker of services/link/main.ts.');

const outside = new Port(segment, { promiscuous: true });
const inside = new Port(host);
const lanes = { to: new Lane('to', seed), from: new Lane('from', seed) };
const bits = seededRandom(`${seed}:bit`);
const carried = { to: 0, from: 0 };
/** In the order in which they are due. */
const waiting: Waiting[] = [];

main.postMessage('ready');
for (;;) {
  for (let message = receiveMessageOnPort(main); message; message = receiveMessageOnPort(main)) obey(message.message as RelayRequest);
  // An interface that has just taken the host's address still gets frames for its own stack: see lab/network/host-link.ts.
  takeFrom(outside, inside, 'to');
  takeFrom(inside, outside, 'from');
  sendUntil(nowMs());
  waitForFrames([outside, inside], Math.min((waiting[0]?.atMs ?? Infinity) - nowMs(), longestWaitMs));
}

function obey(request: RelayRequest): void {
  if ('set' in request) {
    // What waits goes out now: a link that heals holds nothing back.
    sendUntil(Infinity);
    const { name, value } = request.set;
    for (const lane of Object.values(lanes)) lane.set(name, value, nowMs());
  }
  main?.postMessage({ id: request.id, counts: { carried: { ...carried }, dropped: outside.dropped + inside.dropped } } satisfies RelayReply);
}

/** At most a batch, so that what is due is not kept waiting by what comes. */
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

/** After all that are due by then. */
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
