/** Makes the capture file of a run for Wireshark. Comments of the packets say what the lab and the caller did. */
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { phraseOf, plainText } from '../vocabulary/telling.ts';
import { hostsOf, interfaceName, type Topology } from '../vocabulary/topology.ts';
import { buildPcapng } from './pcapng.ts';
import type { KeyLog } from './tls-keys.ts';

/** The events that the packets do not show: everything that was done to the lab, and the caller's side of each request. */
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

/** The result of a capture. */
export interface Captured {
  readonly frames: readonly CapturedFrame[];
  /** How many frames the kernel dropped because its buffer was full. */
  readonly dropped: number;
  /** How many older frames were left out, because only the newest ones are kept. */
  readonly leftOut: number;
}

export interface CaptureContext {
  captured: Captured;
  /** The secrets of the lab's servers. Wireshark shows what is inside of TLS with them. Undefined in a lab without TLS. */
  keyLog?: KeyLog | undefined;
  events: readonly TimelineEvent[];
  topology: Topology;
  /** Converts a time of the timeline (ms) to the clock of the frames (ms). */
  hostMs: (tMs: number) => number;
  comment: string;
}

/** Returns wire.pcapng. */
export function captureFile({ captured, keyLog, events, topology, hostMs, comment }: CaptureContext): Buffer {
  return buildPcapng({
    ...captured,
    interfaceName,
    interfaceDescription: `the client's interface, ${topology.hosts.client.ipv4} ${topology.hosts.client.ipv6}`,
    application: 'failover-lab',
    comment,
    secrets: keyLog?.text ?? '',
    names: hostsOf(topology).flatMap((name) => [topology.hosts[name].ipv4, topology.hosts[name].ipv6].map((address) => ({ address, name }))),
    remarks: events
      .filter(({ event }) => remarked.has(event))
      .map(({ tMs, event, host, ...payload }) => ({
        atMs: hostMs(tMs),
        text: `${tMs.toFixed(3)} ms, ${host}: ${plainText(phraseOf(event, payload as Payload<EventName>))}`,
      })),
  });
}
