/** Two recorded runs, for tests of their pictures, and runs that are made up. */
import { join } from 'node:path';
import { readRunFolder } from '../report/read-run.ts';
import type { RunToShow } from '../report/timeline-page.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { localRuntime } from '../network/programs.ts';
import { findingsOf } from '../analysis/findings.ts';

/** A run of this scenario, as its folder had it. */
export function recordedRun(name: 'host-vanishes' | 'ipv6-blackhole'): RunToShow {
  return { ...readRunFolder(join(localRuntime.root, 'lab/testing/runs', name), () => null), hasCapture: true };
}

/** The same run with other events. */
export function withEvents(run: RunToShow, events: readonly TimelineEvent[]): RunToShow {
  return { ...run, events, journal: { ...run.journal, findings: findingsOf(events, run.topology) } };
}
