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

/** A run with many events: requests one after the other on one connection, each with its packets. */
export function longRun(run: RunToShow, events: number): RunToShow {
  const [address, port, localPort, family] = ['198.51.100.11', 8080, 40_000, 4] as const;
  const wire = { witness: 'wire', host: 'client', address, port, localPort, family } as const;
  const made: TimelineEvent[] = [{ tMs: 0, ...wire, event: 'wire:syn' }, { tMs: 0.1, ...wire, event: 'wire:syn-ack' }];
  for (let request = 1, tMs = 1; made.length < events; request++, tMs += 3 + (request % 7)) {
    made.push(
      { tMs, witness: 'client', host: 'client', event: 'client:request', request, method: 'GET', url: 'http://web.lab.test:8080/' },
      { tMs: tMs + 0.2, ...wire, event: 'wire:request', count: request, line: 'GET / HTTP/1.1' },
      { tMs: tMs + 0.9, ...wire, event: 'wire:response', count: request, line: 'HTTP/1.1 200 OK' },
      { tMs: tMs + 1.4, witness: 'client', host: 'client', event: 'client:response', request, status: 200, body: 'Hello, World from 198.51.100.11' },
    );
  }
  // The findings of so many requests take long, and the picture needs the times only.
  return { ...run, events: made, journal: { ...run.journal, findings: { ...findingsOf([], run.topology), byRequest: [] } } };
}
