/** Reads a capture that the lab did not make (tcpdump, Wireshark, a sidecar of a pod): chooses the client, and turns its packets into events. */
import { createReadStream } from 'node:fs';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { witnessOf, type TimelineEvent } from '../vocabulary/events.ts';
import { dnsPort } from '../vocabulary/topology.ts';
import { readCapture, type FileFacts, type FileFrame } from '../wire/capture-reader.ts';
import { WireDecoder } from '../wire/decoder.ts';
import { Foreign, type Spoken } from '../wire/foreign.ts';
import { linkTypes, senderOf } from '../wire/link-layer.ts';
import { parseFrame, type Packet } from '../wire/packets.ts';

/** A host that could be the client: it has opened TCP connections, or asked DNS. */
export interface Opener {
  address: string;
  /** Its hardware address, as the first frame has it. Null where frames have none. */
  sender: string | null;
  connections: number;
  queries: number;
}

export interface ForeignCapture {
  file: FileFacts;
  /** The addresses of the client. */
  client: string[];
  /** Other hosts that opened connections, or asked DNS. Those with the most connections come first. */
  others: Opener[];
  /** When the first frame was captured. Null for a file without frames, and for a time that no calendar has. */
  startedAt: Date | null;
  lastMs: number;
  events: TimelineEvent[];
  /** How many events came after the last one that was kept. */
  eventsLeftOut: number;
  spoken: Record<Spoken, number>;
  /** Connections that began before the capture, and do not show which end has opened them. They were left out. */
  unknownFlows: number;
  /** Connections in which the capture lacks a segment. What is behind it was not read. */
  gaps: number;
  /** Frames that the capture has cut (its snap length), so that they could not be read. */
  cutFrames: number;
  /** Frames of a link layer that the lab does not know, by its LINKTYPE number. */
  unknownLinks: Map<number, number>;
  /** Packets that were there once more, from another interface. They were left out. */
  doubles: number;
}

/** So many events are some 100 MB. A timeline of more is nothing to look at. */
const keptEvents = 300_000;
const chunkBytes = 1024 * 1024;

/**
 * Reads the file twice: once to see who could be the client, and once to decode. With `client` it is read once.
 * @throws {LabError} BAD_INPUT when the file cannot be read or is no capture, when no host or several hosts could be the client, or when none of its
 * packets is of `client`.
 */
export async function readForeignCapture(file: string, client: readonly string[] = []): Promise<ForeignCapture> {
  const openers = client.length > 0 ? [] : await findOpeners(file);
  const chosen = client.length > 0 ? [...client] : choose(file, openers);
  const foreign = new Foreign();
  const decoder = new WireDecoder(chosen, { foreign });
  const events: TimelineEvent[] = [];
  const once = new OneInterface();
  const unknownLinks = new Map<number, number>();
  let [cutFrames, eventsLeftOut, doubles, lastMs, seen] = [0, 0, 0, 0, 0];
  let first: FileFrame | undefined;
  const facts = await read(file, (frame) => {
    first ??= frame;
    lastMs = frame.atMs;
    if (!known.has(frame.linkType)) unknownLinks.set(frame.linkType, (unknownLinks.get(frame.linkType) ?? 0) + 1);
    const packet = parseFrame(frame.bytes, frame.linkType, frame.lengthBytes);
    if (packet.kind === 'malformed' && frame.bytes.length < frame.lengthBytes) {
      cutFrames++;
      return;
    }
    if (packet.kind === 'tcp' || packet.kind === 'udp') {
      if (!chosen.includes(packet.from) && !chosen.includes(packet.to)) return;
      seen++;
    }
    if (once.isDouble(packet, frame)) {
      doubles++;
      return;
    }
    for (const event of decoder.read(packet, frame.atMs)) {
      if (events.length >= keptEvents) eventsLeftOut++;
      else {
        const { atMs: tMs, ...told } = event;
        events.push({ tMs, witness: witnessOf(told.event), host: 'client', ...told });
      }
    }
  });
  if (client.length > 0 && seen === 0) throw new LabError('BAD_INPUT', `${file} has no packet of ${client.join(' or ')}. Without --client, the command names the hosts that it has.`);
  return {
    file: facts,
    client: chosen,
    others: openers.filter(({ address }) => !chosen.includes(address)),
    startedAt: dateOf(first),
    lastMs,
    // A capture on several interfaces need not be in order.
    events: events.sort((one, other) => one.tMs - other.tMs),
    eventsLeftOut,
    spoken: foreign.spoken,
    unknownFlows: foreign.unknownFlows,
    gaps: decoder.gaps,
    cutFrames,
    unknownLinks,
    doubles,
  };
}

function dateOf(frame: FileFrame | undefined): Date | null {
  const date = new Date(Number((frame?.realtimeNs ?? 0n) / 1_000_000n));
  return frame && !Number.isNaN(date.getTime()) ? date : null;
}

const known = new Set<number>(Object.values(linkTypes));

async function read(file: string, onFrame: (frame: FileFrame) => void): Promise<FileFacts> {
  try {
    return await readCapture(file, createReadStream(file, { highWaterMark: chunkBytes }), onFrame);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('BAD_INPUT', `Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** A scan has very many sources. Nobody chooses among so many. */
const mostOpeners = 10_000;

async function findOpeners(file: string): Promise<Opener[]> {
  const openers = new Map<string, Opener>();
  await read(file, (frame) => {
    const packet = parseFrame(frame.bytes, frame.linkType, frame.lengthBytes);
    const isOpening = packet.kind === 'tcp' && packet.syn && !packet.ack;
    if (!isOpening && !(packet.kind === 'udp' && packet.toPort === dnsPort)) return;
    const opener = openers.get(packet.from) ?? { address: packet.from, sender: senderOf(frame.bytes, frame.linkType), connections: 0, queries: 0 };
    if (openers.size < mostOpeners) openers.set(packet.from, opener);
    if (isOpening) opener.connections++;
    else opener.queries++;
  });
  return [...openers.values()].sort((one, other) => other.connections - one.connections || other.queries - one.queries);
}

const shownOpeners = 10;

/** One host has opened connections: one address, or one of each family with the same hardware address. */
function choose(file: string, openers: readonly Opener[]): string[] {
  const opened = openers.filter(({ connections }) => connections > 0);
  if (opened.length === 0) throw new LabError('BAD_INPUT', `${file} has no start of a TCP connection (SYN), so it does not show who the client is. Name it: --client ADDRESS`);
  const [one, other] = opened;
  const isOneHost = opened.length === 2 && one?.address.includes(':') !== other?.address.includes(':') && one?.sender !== null && one?.sender === other?.sender;
  if (opened.length === 1 || isOneHost) return opened.map(({ address }) => address);
  const list = opened.slice(0, shownOpeners).map(({ address, connections }) => `  ${address}  ${connections} connections`);
  const more = opened.length > shownOpeners ? [`  … and ${opened.length - shownOpeners} more`] : [];
  throw new LabError('BAD_INPUT', [`${opened.length} hosts have opened connections in ${file}. Which one is the client? --client ADDRESS[,ADDRESS]`, ...list, ...more].join('\n'));
}

/**
 * A capture on several interfaces (`tcpdump -i any`) can have a packet twice: on the host's interface, and on that of a bridge or a container. A
 * conversation is read on the interface that showed it first.
 */
class OneInterface {
  readonly #interfaces = new Map<string, number>();

  isDouble(packet: Packet, { bytes, linkType, interface: number }: FileFrame): boolean {
    if (packet.kind !== 'tcp' && packet.kind !== 'udp') return false;
    const on = linkType === linkTypes.cooked2 && bytes.length >= 8 ? bytes.readUInt32BE(4) : number;
    if (on === null) return false;
    const ends = [`${packet.from} ${packet.fromPort}`, `${packet.to} ${packet.toPort}`].sort().join(' ');
    const first = this.#interfaces.get(ends);
    if (first !== undefined) return first !== on;
    if (this.#interfaces.size < mostConversations) this.#interfaces.set(ends, on);
    return false;
  }
}

const mostConversations = 200_000;
