/** Holds runs, and captures from elsewhere, against each other: which findings differ, and what else than the client differs. */
import { capturedFindings, wholeFindings } from '../analysis/captured.ts';
import { LabError } from '../vocabulary/errors.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Journal } from '../run/journal.ts';
import type { CaptureToShow } from './capture-page.ts';
import { findingFacts, limitsOf } from './captured-lines.ts';
import { findingLines } from './summary.ts';

/** A finding, and its value in each run; null where a run does not have it. */
export interface Compared {
  name: string;
  values: (string | null)[];
}

/** What stands at 0 of the common axis. A capture has no request of a caller and no fault, but attempts to connect. */
export const alignments = ['request', 'attempt', 'fault'] as const;
export type Alignment = (typeof alignments)[number];

/** A finding, and its value in words. */
export type FindingLine = readonly [name: string, value: string];

/** The findings of a run that can be compared with another run. */
export function linesOfRun(journal: Journal): FindingLine[] {
  const { byRequest } = journal.findings;
  const requests = byRequest.length > 12 ? [] : byRequest.map((request, index): FindingLine => [`request #${index + 1}`, requestText(request)]);
  return [['verdict', journal.verdict], ...requests, ...findingLines(journal)];
}

/** The findings that packets alone tell. They are measured in the same way from those of a run and from those of a capture, so these can be compared. */
export function linesOfPackets(events: readonly TimelineEvent[]): FindingLine[] {
  return findingFacts(wholeFindings(events.filter(({ tMs }) => tMs >= 0)));
}

/** Returns the findings of all runs, those that differ and those that are the same. */
export function compareLines(runs: readonly (readonly FindingLine[])[]): { different: Compared[]; same: Compared[] } {
  const each = runs.map((lines) => new Map(lines));
  const names = [...new Set(each.flatMap((lines) => [...lines.keys()]))];
  const all = names.map((name): Compared => ({ name, values: each.map((lines) => lines.get(name) ?? null) }));
  const isSame = ({ values: [first = null, ...others] }: Compared): boolean => others.every((value) => isSameValue(first, value));
  return { different: all.filter((one) => !isSame(one)), same: all.filter(isSame) };
}

const times = /(\d+(?:\.(\d+))?) (m?)s\b/g;

/**
 * Whether two values are the same as far as they are printed. Times that differ by one in their last digit are: a run has the times of its packets from one clock, and its capture has
 * them from another one, to a microsecond, so one wait may be printed as 0.6 ms and as 0.7 ms.
 */
function isSameValue(one: string | null, other: string | null): boolean {
  if (one === null || other === null || one.replace(times, '') !== other.replace(times, '')) return one === other;
  const others = [...other.matchAll(times)].map(printedTime);
  return [...one.matchAll(times)].map(printedTime).every(({ ms, stepMs }, index) => {
    const against = others[index];
    // One and a half: the difference of two decimals is not exact in binary.
    return against !== undefined && Math.abs(ms - against.ms) < 1.5 * Math.max(stepMs, against.stepMs);
  });
}

/** A time in a text, and how much one is in its last digit. */
function printedTime([, number = '', decimals = '', milli]: RegExpMatchArray): { ms: number; stepMs: number } {
  const unitMs = milli === 'm' ? 1 : 1_000;
  return { ms: Number(number) * unitMs, stepMs: unitMs / 10 ** decimals.length };
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

/** Says what a comparison with a capture cannot know. */
export function captureWarnings({ file, capture }: CaptureToShow): string[] {
  const names = namesTried(capture.events);
  return [
    `${file} is a capture: it has no scenario, no seed and no faults, and it does not tell the client and the kernel. Its hosts have their names from DNS. So all findings are measured from packets alone.`,
    ...(names.length > 1 ? [`${file} has connections to ${names.length} names, which are compared together: ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}. Choose one: --name ${names[0] ?? ''}`] : []),
    ...limitsOf(capture).map((limit) => `Not known of ${file}: ${limit}.`),
  ];
}

/** The names, and the addresses without a name, that a client has tried to connect to. */
export function namesTried(events: readonly TimelineEvent[]): string[] {
  return capturedFindings(events).filter(({ attempts, requests }) => attempts.length > 0 || requests > 0).map(({ name }) => name);
}

/** What can be aligned: its events, and the path that names it in a message. */
export interface Aligned {
  path: string;
  events: readonly TimelineEvent[];
}

/** The time of each run that will be 0 on the common axis. @throws {LabError} BAD_INPUT for a run that has nothing of this kind. */
export function alignedAt(runs: readonly Aligned[], alignment: Alignment): number[] {
  return runs.map(({ path, events }) => {
    const atMs = momentOf(events.filter(({ tMs }) => tMs >= 0), alignment);
    if (atMs === undefined) throw new LabError('BAD_INPUT', `There is no ${alignment} in \`${path}\`, so it cannot be aligned at one. Align at something else: ${alignments.filter((other) => other !== alignment).map((other) => `--align ${other}`).join(' or ')}`);
    return atMs;
  });
}

function momentOf(events: readonly TimelineEvent[], alignment: Alignment): number | undefined {
  if (alignment === 'attempt') return wholeFindings(events).attempts[0]?.startMs;
  return events.find(({ event }) => event === (alignment === 'request' ? 'client:request' : 'fault:apply'))?.tMs;
}
