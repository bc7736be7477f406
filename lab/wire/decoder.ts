/** From frames to events: what the client's interface saw. Follows each TCP flow, so that a SYN or a segment seen before is known as such. */
import type { EmittedEvent } from '../vocabulary/events.ts';
import { dnsPort, type Addresses } from '../vocabulary/topology.ts';
import { parseDnsMessage } from './dns.ts';
import { parseFrame, type Addressed, type Packet, type TcpSegment } from './packets.ts';
import type { CapturedFrame } from '../vocabulary/frame-records.ts';

/** An event before it is stamped. */
type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never;
export type WireEvent = WithoutTime<Extract<EmittedEvent, { event: `wire:${string}` }>>;
type Sender = 'client' | 'server';

/** A TCP flow, from its first SYN on. */
interface Flow {
  flow: { address: string; port: number; localPort: number; family: 4 | 6 };
  /** The sequence number of the SYN; a SYN with another one begins a new flow on the same ports. */
  synSequence: number;
  syns: number;
  answered: boolean;
  requests: number;
  /** The request that was sent last has not been answered yet. */
  waiting: boolean;
  sides: Record<Sender, { next: number | undefined; fin: boolean; rst: boolean; dns: Buffer }>;
}

export class WireDecoder {
  readonly #client: Addresses;
  readonly #flows = new Map<string, Flow>();
  #malformed = 0;

  constructor(client: Addresses) {
    this.#client = client;
  }

  /** What one frame tells, stamped with the frame's time. Frames must come in order. */
  decode({ bytes, atMs }: CapturedFrame): EmittedEvent[] {
    return this.#events(parseFrame(bytes)).map((event) => ({ ...event, atMs }));
  }

  #events(packet: Packet): WireEvent[] {
    switch (packet.kind) {
      case 'tcp':
        return this.#tcp(packet);
      case 'udp': {
        const { fromPort, toPort, payload } = packet;
        if (fromPort !== dnsPort && toPort !== dnsPort) return [];
        return this.#dns(payload, 'udp', toPort === dnsPort ? packet.to : packet.from, toPort === dnsPort ? fromPort : toPort);
      }
      case 'unreachable': {
        const { family, from, to, fromPort, toPort } = packet.about;
        if (!this.#isClient(from)) return [];
        return [{ event: 'wire:unreachable', address: to, port: toPort, localPort: fromPort, family, sender: packet.from, reason: packet.reason }];
      }
      case 'neighbour-solicitation':
        return packet.toAll && this.#isClient(packet.from) ? [{ event: 'wire:neighbour-solicitation', address: packet.address, family: packet.family }] : [];
      case 'neighbour-answer':
        return this.#isClient(packet.from) ? [] : [{ event: 'wire:neighbour-answer', address: packet.address, family: packet.family }];
      case 'malformed':
        return [this.#broken(packet.reason)];
      case 'other':
        return [];
    }
  }

  #tcp(segment: TcpSegment & Addressed): WireEvent[] {
    const sender: Sender = this.#isClient(segment.from) ? 'client' : 'server';
    const flow =
      sender === 'client'
        ? { address: segment.to, port: segment.toPort, localPort: segment.fromPort, family: segment.family }
        : { address: segment.from, port: segment.fromPort, localPort: segment.toPort, family: segment.family };
    const key = `${flow.address} ${flow.port} ${flow.localPort}`;
    let known = this.#flows.get(key);

    if (segment.syn && sender === 'client' && !segment.ack) {
      if (known?.synSequence === segment.sequence) return [{ event: 'wire:syn-retransmission', ...flow, count: ++known.syns }];
      this.#flows.set(key, newFlow(flow, segment.sequence));
      return [{ event: 'wire:syn', ...flow }];
    }
    if (!known) {
      // Begun before the capture; from here on it is followed like any other.
      known = newFlow(flow, -1);
      this.#flows.set(key, known);
    }
    if (segment.syn) {
      if (known.answered) return [];
      known.answered = true;
      return [{ event: 'wire:syn-ack', ...flow }];
    }
    return [...this.#payload(known, segment, sender), ...ends(known, segment, sender)];
  }

  #payload(known: Flow, { sequence, payload, payloadBytes }: TcpSegment, sender: Sender): WireEvent[] {
    if (payloadBytes === 0) return [];
    const side = known.sides[sender];
    const end = (sequence + payloadBytes) >>> 0;
    // Serial number arithmetic (RFC 9293 section 3.4). A kernel that repeats itself may put several old segments, and new data, into one.
    const seenBytes = side.next === undefined ? 0 : Math.min(Math.max((side.next - sequence) | 0, 0), payloadBytes);
    const again: WireEvent[] = seenBytes > 0 ? [{ event: 'wire:data-retransmission', ...known.flow, sender, bytes: seenBytes }] : [];
    if (seenBytes === payloadBytes) return again;
    side.next = end;
    return [...again, ...this.#news(known, sender, payload.subarray(seenBytes))];
  }

  /** Payload that was not seen before. */
  #news(known: Flow, sender: Sender, payload: Buffer): WireEvent[] {
    if (known.flow.port === dnsPort) return this.#dnsOverTcp(known, sender, payload);
    // Only the first byte of a request, and of its response, is an event.
    if (known.waiting === (sender === 'client')) return [];
    known.waiting = sender === 'client';
    if (sender === 'client') known.requests++;
    return [{ event: sender === 'client' ? 'wire:request' : 'wire:response', ...known.flow, count: known.requests, line: firstLine(payload) }];
  }

  /** Messages with a length before each (RFC 7766 section 8), however they are cut into segments. */
  #dnsOverTcp({ flow, sides }: Flow, sender: Sender, payload: Buffer): WireEvent[] {
    const side = sides[sender];
    side.dns = Buffer.concat([side.dns, payload]);
    const found: WireEvent[] = [];
    while (side.dns.length >= 2 && side.dns.length >= 2 + side.dns.readUInt16BE(0)) {
      const end = 2 + side.dns.readUInt16BE(0);
      found.push(...this.#dns(side.dns.subarray(2, end), 'tcp', flow.address, flow.localPort));
      side.dns = side.dns.subarray(end);
    }
    return found;
  }

  #dns(bytes: Buffer, transport: 'udp' | 'tcp', address: string, localPort: number): WireEvent[] {
    try {
      const { isResponse, id, name, type, rcode, addresses, truncated } = parseDnsMessage(bytes);
      const about = { id, name, type, transport, address, localPort };
      return [isResponse ? { event: 'wire:dns-response', ...about, rcode, addresses, truncated } : { event: 'wire:dns-query', ...about }];
    } catch (error) {
      return [this.#broken((error as Error).message)];
    }
  }

  #broken(reason: string): WireEvent {
    return { event: 'wire:malformed', reason, count: ++this.#malformed };
  }

  #isClient(address: string): boolean {
    return address === this.#client.ipv4 || address === this.#client.ipv6;
  }
}

function newFlow(flow: Flow['flow'], synSequence: number): Flow {
  const side = (): Flow['sides'][Sender] => ({ next: undefined, fin: false, rst: false, dns: Buffer.alloc(0) });
  return { flow, synSequence, syns: 1, answered: false, requests: 0, waiting: false, sides: { client: side(), server: side() } };
}

/** FIN and RST, each side's first one: what is sent again ends nothing new. */
function ends({ flow, sides }: Flow, segment: TcpSegment, sender: Sender): WireEvent[] {
  const side = sides[sender];
  const found: WireEvent[] = [];
  if (segment.fin && !side.fin) found.push({ event: 'wire:fin', ...flow, sender });
  if (segment.rst && !side.rst) found.push({ event: 'wire:rst', ...flow, sender });
  side.fin ||= segment.fin;
  side.rst ||= segment.rst;
  return found;
}

/** `GET / HTTP/1.1`; empty where the first line is not text. */
function firstLine(payload: Buffer): string {
  const line = /^[\x20-\x7e]*(?=\r?\n|$)/.exec(payload.subarray(0, 200).toString('latin1'));
  return line?.[0] ?? '';
}
