/** The interface between a TCP flow and the protocol on top of it. Each protocol has a file: dns.ts, http1.ts, http2.ts, tls.ts. */
import type { EmittedEvent } from '../vocabulary/events.ts';

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'atMs'> & { atMs?: number } : never;

/** An event of the wire. Without `atMs`, its time is the time of the frame that was read last. */
export type WireEvent = WithoutTime<Extract<EmittedEvent, { event: `wire:${string}` }>>;

export type Side = 'client' | 'server';

/** The two ends of a flow. `address` and `port` are the server's. */
export interface FlowEnds {
  address: string;
  port: number;
  localPort: number;
  family: 4 | 6;
}

/** How many bytes all flows of a capture hold back, because a segment before them is missing or the keys to them are. */
export interface HeldBack {
  bytes: number;
  /** With more than this, a flow that adds to them gives up. */
  readonly most: number;
}

/** What a protocol may use beside the bytes of its flow. */
export interface ProtocolMeans {
  held: HeldBack;
  /** Takes events that are found later than the frames they are about. Each of them has its own time. */
  onLate(events: WireEvent[]): void;
}

export interface StreamProtocol {
  /** Reads the next bytes that `side` sent, in order, and returns their events. `atMs` is the time of their frame. */
  take(side: Side, bytes: Buffer, atMs: number): WireEvent[];
  /** `side` has sent FIN, and all bytes before it were read. */
  end?(side: Side, atMs: number): WireEvent[];
  /** Nothing more comes: gives free what is held back. */
  forget?(): void;
}
