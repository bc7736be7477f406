/** What a run captured, as a file for Wireshark, with what the lab and the caller did written beside the frames. */
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { phraseOf, plainText } from '../vocabulary/telling.ts';
import { hostNames, interfaceName, type Topology } from '../vocabulary/topology.ts';
import { buildPcapng } from './pcapng.ts';

/** What a reader of the packets cannot know: everything that was done to the lab, and the caller's side of each request. */
const remarked = new Set<EventName>([
  'fault:apply',
  'fault:verified',
  'fault:unverified',
  'fault:heal',
  'fault:healed',
  'fault:unhealed',
  'dns:policy',
  'backend:behaviour',
  'lab:note',
  'lab:command',
  'client:request',
  'client:response',
  'client:error',
]);

/** What a capture holds. */
export interface Captured {
  readonly frames: readonly CapturedFrame[];
  /** Frames that the kernel had no room for. */
  readonly dropped: number;
}

export interface CaptureContext {
  captured: Captured;
  events: readonly TimelineEvent[];
  topology: Topology;
  /** A moment of the timeline on the clock of the frames. */
  hostMs: (tMs: number) => number;
  comment: string;
}

export function captureFile({ captured, events, topology, hostMs, comment }: CaptureContext): Buffer {
  return buildPcapng({
    ...captured,
    interfaceName,
    interfaceDescription: `the client's interface, ${topology.hosts.client.ipv4} ${topology.hosts.client.ipv6}`,
    application: 'failover-lab',
    comment,
    names: hostNames.flatMap((name) => [topology.hosts[name].ipv4, topology.hosts[name].ipv6].map((address) => ({ address, name }))),
    remarks: events
      .filter(({ event }) => remarked.has(event))
      .map(({ tMs, event, host, ...payload }) => ({
        atMs: hostMs(tMs),
        text: `${tMs.toFixed(3)} ms, ${host}: ${plainText(phraseOf(event, payload as Payload<EventName>))}`,
      })),
  });
}
