/** The interface between a TCP flow and the protocol on top of it. Each protocol has a file: dns.ts, http1.ts. */
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
  /** Reads the next bytes that `side` sent, in order, and returns their events. */
  take(side: Side, bytes: Buffer): WireEvent[];
}
