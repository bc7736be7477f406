/** Holds runs against each other: which findings differ, and what else than the client differs. */
import { LabError } from '../vocabulary/errors.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Journal } from '../run/journal.ts';
import { findingLines } from './summary.ts';
import type { RunToShow } from './timeline-page.ts';

/** A finding, and its value in each run; null where a run does not have it. */
export interface Compared {
  name: string;
  values: (string | null)[];
}

/** What stands at 0 of the common axis. */
export const alignments = ['request', 'fault'] as const;
export type Alignment = (typeof alignments)[number];

/** Returns the findings of all runs, those that differ and those that are the same. */
export function compareFindings(journals: readonly Journal[]): { different: Compared[]; same: Compared[] } {
  const each = journals.map((journal) => new Map([['verdict', journal.verdict], ...journal.findings.byRequest.flatMap((request, index): [string, string][] => (journal.findings.byRequest.length > 12 ? [] : [[`request #${index + 1}`, requestText(request)]])), ...findingLines(journal)]));
  const names = [...new Set(each.flatMap((lines) => [...lines.keys()]))];
  const all = names.map((name): Compared => ({ name, values: each.map((lines) => lines.get(name) ?? null) }));
  const isSame = ({ values }: Compared): boolean => values.every((value) => value === values[0]);
  return { different: all.filter((one) => !isSame(one)), same: all.filter(isSame) };
}

function requestText({ error, status, ms }: Journal['findings']['byRequest'][number]): string {
  return `${error ?? status ?? 'answered'}${ms === null ? '' : ` after ${ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(2)} s`}`}`;
}

/** Says where the runs differ in more than their clients. Then a difference in the findings may not come from the client. */
export function otherDifferences(journals: readonly Journal[]): string[] {
  const facts: [string, (journal: Journal) => string][] = [
    ['scenario', ({ scenario }) => scenario],
    ['seed', ({ seed }) => String(seed)],
    ['driver', ({ driver }) => driver],
    ['kernel', ({ platform }) => platform.kernel],
    ['number of backends', ({ findings }) => String(Object.keys(findings.perBackend).length)],
    ['resolv.conf', ({ resolvConf }) => resolvConf?.join('; ') ?? 'the usual one'],
  ];
  return facts.flatMap(([name, of]) => {
    const values = [...new Set(journals.map(of))];
    return values.length < 2 ? [] : [`The runs differ in their ${name}: ${values.join(', ')}. So the client may not be the reason for a difference.`];
  });
}

/** The time of each run that will be 0 on the common axis. @throws {LabError} BAD_INPUT for a run without a request, or without a fault. */
export function alignedAt(runs: readonly RunToShow[], folders: readonly string[], alignment: Alignment): number[] {
  return runs.map(({ events }, index) => {
    const found = events.find((event: TimelineEvent) => event.tMs >= 0 && event.event === (alignment === 'request' ? 'client:request' : 'fault:apply'));
    if (!found) throw new LabError('BAD_INPUT', `The run in \`${folders[index] ?? ''}\` has no ${alignment}, so it cannot be aligned at one. Align the runs at something else: --align ${alignment === 'request' ? 'fault' : 'request'}`);
    return found.tMs;
  });
}
