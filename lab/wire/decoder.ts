/** Turns the frames of the client's interface into events. */
import type { EmittedEvent } from '../vocabulary/events.ts';
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import { dnsPort, type Addresses } from '../vocabulary/topology.ts';
import { DnsOverTcp, parseDnsMessage } from './dns.ts';
import { Flow } from './flow.ts';
import { Http1 } from './http1.ts';
import { parseFrame, type Addressed, type Packet, type TcpSegment } from './packets.ts';
import type { FlowEnds, StreamProtocol, WireEvent } from './stream.ts';

/** A lab by hand may be up for days. No run has as many flows. */
const keptFlows = 10_000;

/** Decodes the frames of one client and remembers its TCP flows: the newest ones, and those that have not ended. */
export class WireDecoder {
  readonly #client: Addresses;
  readonly #keepFlows: number;
  readonly #flows = new Map<string, Flow>();
  #malformed = 0;

  constructor(client: Addresses, keepFlows = keptFlows) {
    this.#client = client;
    this.#keepFlows = keepFlows;
  }

  /** Returns the events of one frame, with the time of the frame. Frames must come in order. */
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
        return this.#dns(payload, 'udp', toPort === dnsPort ? { address: packet.to, localPort: fromPort } : { address: packet.from, localPort: toPort });
      }
      case 'unreachable':
      case 'icmp': {
        const { family, from, to, fromPort, toPort } = packet.about;
        if (!this.#isClient(from)) return [];
        return [{ event: `wire:${packet.kind}`, address: to, port: toPort, localPort: fromPort, family, sender: packet.from, reason: packet.reason }];
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
    const isSent = this.#isClient(segment.from);
    const ends: FlowEnds = isSent
      ? { address: segment.to, port: segment.toPort, localPort: segment.fromPort, family: segment.family }
      : { address: segment.from, port: segment.fromPort, localPort: segment.toPort, family: segment.family };
    const key = `${ends.address} ${ends.port} ${ends.localPort}`;
    const known = this.#flows.get(key);
    if (isSent && segment.syn && !segment.ack) {
      if (known?.isBegunBy(segment.sequence)) return [known.synAgain()];
      this.#remember(key, new Flow(ends, segment.sequence, this.#protocolOf(ends)));
      return [{ event: 'wire:syn', ...ends }];
    }
    // An unknown flow began before the capture. The decoder follows it from here on.
    const flow = known ?? new Flow(ends, null, this.#protocolOf(ends));
    if (!known) this.#remember(key, flow);
    return flow.segment(isSent ? 'client' : 'server', segment);
  }

  #remember(key: string, flow: Flow): void {
    // A new flow on the same ports is among the newest.
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    if (this.#flows.size <= this.#keepFlows) return;
    for (const [oldest, { isOver }] of this.#flows) {
      if (!isOver) continue;
      this.#flows.delete(oldest);
      return;
    }
  }

  /** Chooses the protocol of a flow by the server's port. */
  #protocolOf(ends: FlowEnds): StreamProtocol {
    return ends.port === dnsPort ? new DnsOverTcp((message) => this.#dns(message, 'tcp', ends)) : new Http1(ends);
  }

  #dns(bytes: Buffer, transport: 'udp' | 'tcp', { address, localPort }: Pick<FlowEnds, 'address' | 'localPort'>): WireEvent[] {
    try {
      const { isResponse, id, name, type, rcode, addresses, ttlS, truncated } = parseDnsMessage(bytes);
      const about = { id, name, type, transport, address, localPort };
      return [isResponse ? { event: 'wire:dns-response', ...about, rcode, addresses, ...(ttlS !== undefined && { ttlS }), truncated } : { event: 'wire:dns-query', ...about }];
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
