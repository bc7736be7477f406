/**
 * The story of a run, line by line: time, a lane for each witness, and what happened in words.
 *
 *         ms  fault client dns backend
 *        0.0    │      ●    │     │     GET http://web.lab.test:8080/ #1
 *                          … 250 ms …
 */
import { pc } from '../vocabulary/terminal.ts';
import { events, type EventName, type Payload, type TimelineEvent, type Witness } from '../vocabulary/events.ts';
import type { Topology } from '../vocabulary/topology.ts';
import { describe } from '../vocabulary/telling.ts';

const lanes = [
  { witness: 'fault', title: 'fault', paint: pc.red },
  { witness: 'client', title: 'client', paint: pc.green },
  { witness: 'wire', title: 'wire', paint: pc.cyan },
  { witness: 'dns', title: 'dns', paint: pc.blue },
  { witness: 'backend', title: 'backend', paint: pc.yellow },
] as const satisfies readonly { witness: Witness; title: string; paint: (text: string) => string }[];

/** A pause that a reader should notice. */
const gapMs = 90;
/** Requests told in full after each fault, policy change or remark; the rest of a series is counted. */
const toldRequests = 3;
const timeWidth = 10;

/** What the packets show and no program knows. */
const wireOnly = new Set<EventName>(['wire:syn-retransmission', 'wire:data-retransmission', 'wire:unreachable']);

export interface StoryOptions {
  topology: Topology;
  /** Every event: set-up, the observer's traffic, details, each request of a series. */
  verbose: boolean;
  write: (line: string) => void;
}

export interface Story {
  tell(event: TimelineEvent): void;
  /** Says what was left out at the end. */
  end(): void;
}

export function startStory({ topology, verbose, write }: StoryOptions): Story {
  let lastMs: number | undefined;
  /** The client tells of its connecting itself: packets that say the same are left out. */
  let isTraced = false;
  let requestsTold = 0;
  let requestsLeftOut = 0;

  write(pc.dim(`${'ms'.padStart(timeWidth)}  ${lanes.map(({ title }) => title).join(' ')}`));

  const sayLeftOut = (): void => {
    if (requestsLeftOut > 0) write(pc.dim(`${' '.repeat(timeWidth)}  … ${requestsLeftOut} more requests like these (-v shows them) …`));
    requestsLeftOut = 0;
  };

  return {
    tell: (event) => {
      isTraced ||= event.event === 'client:dns-start' || event.event === 'client:connect-start';
      if (!verbose && (event.tMs < 0 || isDetail(event.event) || isObserver(event, topology) || (isTraced && event.witness === 'wire' && !wireOnly.has(event.event)))) return;
      if (event.witness === 'fault' || event.event === 'dns:policy' || event.witness === 'lab') {
        requestsTold = 0;
        sayLeftOut();
      }
      if (event.event === 'client:request') requestsTold++;
      if (!verbose && requestsTold > toldRequests) {
        if (event.event === 'client:request') requestsLeftOut++;
        lastMs = event.tMs;
        return;
      }
      if (lastMs !== undefined && event.tMs - lastMs >= gapMs) write(gapLine(event.tMs - lastMs));
      lastMs = event.tMs;
      write(`${event.tMs.toFixed(1).padStart(timeWidth)}  ${laneMarks(event.witness)}  ${describe(event.event, event as Payload<EventName>)}`);
    },
    end: sayLeftOut,
  };
}

function isDetail(name: EventName): boolean {
  return 'detail' in events[name];
}

/** The lab's own looking is not the client's story. */
function isObserver(event: TimelineEvent, { hosts: { observer } }: Topology): boolean {
  return 'from' in event && (event.from === observer.ipv4 || event.from === observer.ipv6);
}

/** `  │      ●    │     │   `: a mark in the middle of its lane, the other lanes passing by. */
function laneMarks(marked: Witness): string {
  return lanes
    .map(({ witness, title, paint }) => {
      const before = Math.floor((title.length - 1) / 2);
      const mark = witness === marked ? paint('●') : pc.dim('│');
      return `${' '.repeat(before)}${mark}${' '.repeat(title.length - 1 - before)}`;
    })
    .join(' ');
}

function gapLine(ms: number): string {
  const text = ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
  return pc.bold(`${' '.repeat(timeWidth + 2)}${`… ${text} …`.padStart(16)}`);
}
