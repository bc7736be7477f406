/** Turns the frames of the client's interface into events. */
import type { EmittedEvent } from '../vocabulary/events.ts';
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import { dnsPort } from '../vocabulary/topology.ts';
import { DnsOverTcp, parseDnsMessage } from './dns.ts';
import { isQuicInitial } from './quic.ts';
import { Flow } from './flow.ts';
import type { Foreign } from './foreign.ts';
import { Http1 } from './http1.ts';
import { parseFrame, type Addressed, type Packet, type TcpSegment } from './packets.ts';
import type { FlowEnds, ProtocolMeans, StreamProtocol, WireEvent } from './stream.ts';

/** A lab by hand may be up for days. No run has as many flows. */
const keptFlows = 10_000;

/** Segments may come too early, and keys too late, but not so many. */
const usuallyHeldBytes = 64 * 1024 * 1024;

/** What a decoder takes for granted. */
export interface Assumptions {
  keepFlows?: number;
  /** So many bytes may wait for a segment that is missing, or for keys. */
  mostHeldBytes?: number;
  /**
   * In a capture of the lab, every flow begins at the client and speaks HTTP, or DNS on port 53. In a capture from elsewhere the flows themselves have to
   * show it: `foreign` (foreign.ts) looks at each of them.
   */
  foreign?: Foreign;
  /** In a capture of a lab that speaks HTTPS, a flow may begin with TLS: lab-tls.ts. Without it, nothing of TLS is loaded. */
  tls?: { protocolOf(ends: FlowEnds, means: ProtocolMeans): StreamProtocol };
  /** Takes the events of frames whose keys came later than the frames. */
  onLate?: (event: EmittedEvent) => void;
}

/** Decodes the frames of one client and remembers its TCP flows: the newest ones, and those that have not ended. */
export class WireDecoder {
  readonly #client: readonly string[];
  readonly #keepFlows: number;
  readonly #foreign: Foreign | undefined;
  readonly #tls: Assumptions['tls'];
  /** Null: a connection that another host has opened to the client. */
  readonly #flows = new Map<string, Flow | null>();
  readonly #means: ProtocolMeans;
  #atMs = 0;
  #malformed = 0;
  #forgottenGaps = 0;

  /** `client`: all addresses of the client. */
  constructor(client: readonly string[], { keepFlows = keptFlows, mostHeldBytes = usuallyHeldBytes, foreign, tls, onLate }: Assumptions = {}) {
    this.#client = client;
    this.#keepFlows = keepFlows;
    this.#foreign = foreign;
    this.#tls = tls;
    this.#means = { held: { bytes: 0, most: mostHeldBytes }, onLate: (events) => { for (const event of events) onLate?.({ atMs: this.#atMs, ...event }); } };
  }

  /** Returns the events of one frame, with the time of the frame, or of the earlier one that has the first byte of a message. Frames must come in order. */
  decode({ bytes, atMs }: CapturedFrame): EmittedEvent[] {
    return this.read(parseFrame(bytes), atMs);
  }

  /** The same for a packet that was parsed already. */
  read(packet: Packet, atMs: number): EmittedEvent[] {
    this.#atMs = atMs;
    const events = this.#events(packet);
    return events.length === 0 ? [] : events.map((event) => ({ atMs, ...event }));
  }

  /** In how many flows a segment is missing until now. */
  get gaps(): number {
    return this.#forgottenGaps + [...this.#flows.values()].filter((flow) => flow?.hasGap).length;
  }

  #events(packet: Packet): WireEvent[] {
    switch (packet.kind) {
      case 'tcp':
        return this.#tcp(packet);
      case 'udp': {
        const { fromPort, toPort, payload } = packet;
        if (fromPort !== dnsPort && toPort !== dnsPort) {
          if (!this.#isClient(packet.from) || !isQuicInitial(payload)) return [];
          return [{ event: 'wire:quic-initial', address: packet.to, port: toPort, localPort: fromPort, family: packet.family }];
        }
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
    const isSent = this.#isSent(segment);
    const ends = endsOf(segment, isSent);
    const key = keyOf(ends);
    const known = this.#flows.get(key);
    if (isSent && segment.syn && !segment.ack) {
      if (known?.isBegunBy(segment.sequence)) return [known.synAgain()];
      this.#remember(key, this.#newFlow(ends, segment.sequence));
      return [{ event: 'wire:syn', ...ends }];
    }
    if (known === null) return [];
    // An unknown flow began before the capture. The decoder follows it from here on.
    const opener = known || !this.#foreign ? 'client' : this.#foreign.openerOf(segment, isSent, ends.port, key);
    if (opener === 'unknown') return [];
    const flow = known ?? (opener === 'client' ? this.#newFlow(ends, null) : null);
    if (!known) this.#remember(key, flow);
    return flow?.segment(isSent ? 'client' : 'server', segment, this.#atMs) ?? [];
  }

  /** Both ends of a flow may be addresses of the client. Then the flow that is known tells which one has opened it. */
  #isSent(segment: TcpSegment & Addressed): boolean {
    if (!this.#isClient(segment.from)) return false;
    if (!this.#isClient(segment.to) || (segment.syn && !segment.ack)) return true;
    return this.#flows.has(keyOf(endsOf(segment, true))) || !this.#flows.has(keyOf(endsOf(segment, false)));
  }

  #newFlow(ends: FlowEnds, synSequence: number | null): Flow {
    return new Flow(ends, synSequence, this.#protocolOf(ends), this.#means.held);
  }

  #remember(key: string, flow: Flow | null): void {
    // A new flow on the same ports is among the newest.
    this.#forget(key);
    this.#flows.set(key, flow);
    if (this.#flows.size <= this.#keepFlows) return;
    for (const [oldest, each] of this.#flows) {
      if (each !== null && !each.isOver) continue;
      this.#forget(oldest);
      return;
    }
  }

  #forget(key: string): void {
    const flow = this.#flows.get(key);
    if (flow?.hasGap) this.#forgottenGaps++;
    flow?.forget();
    this.#flows.delete(key);
  }

  /** Chooses the protocol of a flow by the server's port. What is not DNS begins as the capture says. */
  #protocolOf(ends: FlowEnds): StreamProtocol {
    return ends.port === dnsPort ? new DnsOverTcp((message) => this.#dns(message, 'tcp', ends)) : ((this.#foreign ?? this.#tls)?.protocolOf(ends, this.#means) ?? new Http1(ends));
  }

  #dns(bytes: Buffer, transport: 'udp' | 'tcp', { address, localPort }: Pick<FlowEnds, 'address' | 'localPort'>): WireEvent[] {
    try {
      const { isResponse, id, name, type, rcode, addresses, services, ttlS, truncated } = parseDnsMessage(bytes);
      const about = { id, name, type, transport, address, localPort };
      return [isResponse ? { event: 'wire:dns-response', ...about, rcode, addresses, ...(services && { services }), ...(ttlS !== undefined && { ttlS }), truncated } : { event: 'wire:dns-query', ...about }];
    } catch (error) {
      return [this.#broken((error as Error).message)];
    }
  }

  #broken(reason: string): WireEvent {
    return { event: 'wire:malformed', reason, count: ++this.#malformed };
  }

  #isClient(address: string): boolean {
    return this.#client.includes(address);
  }
}

function endsOf(segment: TcpSegment & Addressed, isSent: boolean): FlowEnds {
  const { from, fromPort, to, toPort, family } = segment;
  return isSent ? { address: to, port: toPort, localPort: fromPort, family } : { address: from, port: fromPort, localPort: toPort, family };
}

const keyOf = ({ address, port, localPort }: FlowEnds): string => `${address} ${port} ${localPort}`;
