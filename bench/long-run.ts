/** A run with many events, for the speed of its picture. */
import { findingsOf } from '../lab/analysis/findings.ts';
import type { RunToShow } from '../lab/report/timeline-page.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';

/** The run with other events: requests one after the other on one connection, each with its packets. */
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
