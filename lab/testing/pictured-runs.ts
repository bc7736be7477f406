/** Two recorded runs, for tests of their pictures, and runs that are made up. */
import { join } from 'node:path';
import { readRunFolder } from '../report/read-run.ts';
import type { RunToShow } from '../report/timeline-page.ts';
import type { ForeignCapture } from '../run/foreign-capture.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { localRuntime } from '../network/programs.ts';
import { findingsOf } from '../analysis/findings.ts';

/** A run of this scenario, as its folder had it. */
export function recordedRun(name: 'host-vanishes' | 'ipv6-blackhole'): RunToShow {
  return { ...readRunFolder(join(localRuntime.root, 'lab/testing/runs', name), () => null), hasCapture: true };
}

/** What a capture of this run shows: its packets, and nothing of the lab. */
export function captureOf({ events, topology: { hosts: { client } } }: RunToShow): ForeignCapture {
  const packets = events.filter(({ tMs, witness }) => tMs >= 0 && witness === 'wire');
  return {
    file: { format: 'pcapng', frames: packets.length, names: new Map(), dropped: 0, endsEarly: false, withoutTime: 0 },
    client: [client.ipv4, client.ipv6],
    others: [], startedAt: new Date(0), lastMs: packets.at(-1)?.tMs ?? 0, events: packets, eventsLeftOut: 0,
    spoken: { http: 1, tls: 0, http2: 0, other: 0 }, unknownFlows: 0, gaps: 0, cutFrames: 0, unknownLinks: new Map(), doubles: 0,
  };
}

/** The same run with other events. */
export function withEvents(run: RunToShow, events: readonly TimelineEvent[]): RunToShow {
  return { ...run, events, journal: { ...run.journal, findings: findingsOf(events, run.topology) } };
}
