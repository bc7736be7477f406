/** What a protocol on top of TCP does, so that a flow can read it. One file a protocol: dns.ts, http1.ts. */
import type { EmittedEvent } from '../vocabulary/events.ts';

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never;

/** An event of the wire. Its time is the time of its frame. */
export type WireEvent = WithoutTime<Extract<EmittedEvent, { event: `wire:${string}` }>>;

export type Side = 'client' | 'server';

/** The two ends of a flow. `address` and `port` are the server's. */
export interface FlowEnds {
  address: string;
  port: number;
  localPort: number;
  family: 4 | 6;
}

export interface StreamProtocol {
  /** Reads the next bytes that `side` sent, in order, and returns what they tell. */
  take(side: Side, bytes: Buffer): WireEvent[];
}
