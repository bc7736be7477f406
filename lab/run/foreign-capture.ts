/** Reads a capture that the lab did not make (tcpdump, Wireshark, a sidecar of a pod): chooses the client, and turns its packets into events. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { witnessOf, type TimelineEvent } from '../vocabulary/events.ts';
import { dnsPort } from '../vocabulary/topology.ts';
import { readCapture, type FileFacts, type FileFrame } from '../wire/capture-reader.ts';
import { WireDecoder } from '../wire/decoder.ts';
import { Foreign } from '../wire/foreign.ts';
import { linkTypes, senderOf } from '../wire/link-layer.ts';
import { parseFrame, type Packet } from '../wire/packets.ts';
import type { Spoken } from '../wire/spoken.ts';
import { parseKeyLog, type KeyLog } from '../wire/tls-keys.ts';

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
  /** What is inside the TLS connections that could be decrypted, and how many of them there are. Null where there are no keys: none were given, and the file has none. */
  inside: { spoken: Record<Spoken, number>; connections: number } | null;
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
export async function readForeignCapture(file: string, client: readonly string[] = [], keys: KeyLog | null = null): Promise<ForeignCapture> {
  const openers = client.length > 0 ? [] : await findOpeners(file);
  const [capture] = await decode(file, [client.length > 0 ? client : chooseOne(file, hostsThatOpened(file, openers))], openers, keys);
  if (capture === undefined) throw new LabError('BAD_INPUT', `${file} has no packet of ${client.join(' or ')}. Without --client, the command names the hosts that it has.`);
  return capture;
}

/** A key log of a busy machine. */
const mostKeyBytes = 64_000_000;

/** Reads the keys of TLS connections from a file (SSLKEYLOGFILE). @throws {LabError} BAD_INPUT where it cannot be read, or has no key. */
export async function readKeyLog(file: string): Promise<KeyLog> {
  let text;
  try {
    if ((await stat(file)).size > mostKeyBytes) throw new Error(`it is larger than ${mostKeyBytes / 1e6} MB`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new LabError('BAD_INPUT', `Cannot read the keys in ${file}: ${messageOf(error)}`, { cause: error });
  }
  const keys = parseKeyLog(text);
  if (keys.size === 0) throw new LabError('BAD_INPUT', `${file} has no key of a TLS connection. Expected lines such as \`CLIENT_TRAFFIC_SECRET_0 <random> <secret>\`, as programs write them into the file that SSLKEYLOGFILE names.`);
  return keys;
}

/** So many clients are read from one capture. Each one has a timeline of its own. */
export const mostClients = 20;

/** The same for every client in the file, those with the most connections first. @throws {LabError} BAD_INPUT when no host could be a client. */
export async function readEachClient(file: string, keys: KeyLog | null = null): Promise<ForeignCapture[]> {
  const openers = await findOpeners(file);
  return await decode(file, hostsThatOpened(file, openers).slice(0, mostClients), openers, keys);
}

/** Reads the file once for all `clients`, each one its addresses, with the keys in the file and those that were given. A client without a packet has no capture in the result. */
async function decode(file: string, clients: readonly (readonly string[])[], openers: readonly Opener[], given: KeyLog | null): Promise<ForeignCapture[]> {
  const keys = given ?? parseKeyLog('');
  const readers = clients.map((addresses) => new ClientReader(addresses, Math.floor(keptEvents / clients.length), keys));
  const byAddress = new Map(readers.flatMap((reader) => reader.addresses.map((address) => [address, reader])));
  const once = new OneInterface();
  const unknownLinks = new Map<number, number>();
  let [cutFrames, lastMs] = [0, 0];
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
    // Whose an ICMP error or an answer of ARP is, each decoder knows.
    if (packet.kind !== 'tcp' && packet.kind !== 'udp') {
      for (const reader of readers) reader.take(packet, frame.atMs, false);
      return;
    }
    const [sender, receiver] = [byAddress.get(packet.from), byAddress.get(packet.to)];
    if (!sender && !receiver) return;
    const isDouble = once.isDouble(packet, frame);
    sender?.take(packet, frame.atMs, isDouble);
    if (receiver !== sender) receiver?.take(packet, frame.atMs, isDouble);
  }, (keyLog) => { keys.addText(keyLog); });
  return readers.filter(({ seen }) => seen > 0).map((reader) => ({
    file: facts,
    client: [...reader.addresses],
    others: openers.filter(({ address }) => !reader.addresses.includes(address)),
    startedAt: dateOf(first),
    lastMs,
    // A capture on several interfaces need not be in order.
    events: reader.events.sort((one, other) => one.tMs - other.tMs),
    eventsLeftOut: reader.leftOut,
    spoken: reader.foreign.spoken,
    inside: keys.size === 0 ? null : { spoken: reader.foreign.inside, connections: reader.foreign.decrypted },
    unknownFlows: reader.foreign.unknownFlows,
    gaps: reader.decoder.gaps,
    cutFrames,
    unknownLinks,
    doubles: reader.doubles,
  }));
}

/** Decodes the packets of one client. */
class ClientReader {
  readonly addresses: readonly string[];
  readonly foreign: Foreign;
  readonly decoder: WireDecoder;
  readonly events: TimelineEvent[] = [];
  readonly #mostEvents: number;
  /** How many events came after the last one that was kept. */
  leftOut = 0;
  doubles = 0;
  /** How many segments and datagrams it has sent or received. */
  seen = 0;

  constructor(addresses: readonly string[], mostEvents: number, keys: KeyLog) {
    this.addresses = addresses;
    this.foreign = new Foreign(keys);
    this.decoder = new WireDecoder(addresses, { foreign: this.foreign });
    this.#mostEvents = mostEvents;
  }

  take(packet: Packet, atMs: number, isDouble: boolean): void {
    if (packet.kind === 'tcp' || packet.kind === 'udp') this.seen++;
    if (isDouble) {
      this.doubles++;
      return;
    }
    for (const { atMs: tMs, ...told } of this.decoder.read(packet, atMs)) {
      if (this.events.length >= this.#mostEvents) this.leftOut++;
      else this.events.push({ tMs, witness: witnessOf(told.event), host: 'client', ...told });
    }
  }
}

function dateOf(frame: FileFrame | undefined): Date | null {
  const date = new Date(Number((frame?.realtimeNs ?? 0n) / 1_000_000n));
  return frame && !Number.isNaN(date.getTime()) ? date : null;
}

const known = new Set<number>(Object.values(linkTypes));

async function read(file: string, onFrame: (frame: FileFrame) => void, onSecrets?: (keyLog: string) => void): Promise<FileFacts> {
  try {
    return await readCapture(file, createReadStream(file, { highWaterMark: chunkBytes }), onFrame, onSecrets);
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

/**
 * The hosts that have opened connections, each one its addresses: an IPv4 and an IPv6 address are one host if they, and no others, have the same hardware
 * address. Behind a router, all have that of the router.
 */
function hostsThatOpened(file: string, openers: readonly Opener[]): string[][] {
  const opened = openers.filter(({ connections }) => connections > 0);
  if (opened.length === 0) throw new LabError('BAD_INPUT', `${file} has no start of a TCP connection (SYN), so it does not show who the client is. Name it: --client ADDRESS`);
  const bySender = Map.groupBy(opened, ({ sender, address }) => sender ?? address);
  const pairOf = ({ sender, address }: Opener): Opener[] => {
    const group = bySender.get(sender ?? address) ?? [];
    return group.length === 2 && group[0]?.address.includes(':') !== group[1]?.address.includes(':') ? group : [];
  };
  // Of a pair, the address with more connections comes first, and the other one is no host of its own.
  return opened.filter((opener) => pairOf(opener)[1] !== opener).map((opener) => [opener, ...pairOf(opener).slice(1)].map(({ address }) => address));
}

const shownHosts = 10;

function chooseOne(file: string, hosts: readonly string[][]): string[] {
  const [one, other] = hosts;
  if (one && !other) return one;
  const list = hosts.slice(0, shownHosts).map((addresses) => `  --client ${addresses.join(',')}`);
  const more = hosts.length > shownHosts ? [`  … and ${hosts.length - shownHosts} more`] : [];
  throw new LabError('BAD_INPUT', [`${hosts.length} hosts have opened connections in ${file}. Which one is the client? Those with the most connections come first:`, ...list, ...more, 'Or read each of them: --client each'].join('\n'));
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
