/** Summarises several runs of one client against one failure: one cell of the matrix. */
import { median } from './median.ts';

/** The measurements of one run. */
export interface Reading {
  /** `answered`, `no answer in 17 s`, or the error that the caller got. Null if the run showed nothing: its failure was not seen, or the lab broke. */
  outcome: string | null;
  delayMs: number | null;
  remark: string | null;
  /** The folder of the run's files, relative to matrix.json. */
  directory: string;
  /** Why the run showed nothing. Null if it did show something. */
  trouble: string | null;
}

/** What came of some runs of a cell, or of all of them. */
export interface CellOutcome {
  /** `answered`, `no answer in 17 s`, or the error that the caller got. */
  outcome: string;
  /** How many runs. */
  count: number;
  medianMs: number | null;
  minMs: number | null;
  maxMs: number | null;
  remarks: string[];
  /** The folder of the run that stands for them: the one whose delay is nearest to the median. */
  directory: string;
}

/** The summary of several runs. */
export interface Cell {
  client: string;
  version: string | null;
  failure: string;
  /** One entry for each outcome, the most frequent first. More than one entry means that the client did not do the same in each run. */
  outcomes: CellOutcome[];
  /** How many runs showed nothing. */
  unknown: number;
  /** How many runs of a plan were not made (`lab merge`). Not there if all were made. */
  missing?: number | undefined;
  readings: Reading[];
}

/** Groups the readings by outcome, with the number of runs and the median, minimum and maximum delay (ms) of each outcome. */
export function cellOf(client: string, version: string | null, failure: string, readings: Reading[]): Cell {
  const known = readings.filter((reading): reading is Reading & { outcome: string } => reading.outcome !== null);
  const outcomes = [...Map.groupBy(known, ({ outcome }) => essenceOf(outcome))].map(([outcome, runs]) => {
    const delays = runs.flatMap(({ delayMs }) => (delayMs === null ? [] : [delayMs])).sort((one, other) => one - other);
    const medianMs = median(delays);
    const nearest = runs.toSorted((one, other) => distance(one, medianMs) - distance(other, medianMs))[0];
    return {
      outcome,
      count: runs.length,
      medianMs,
      minMs: delays[0] ?? null,
      maxMs: delays.at(-1) ?? null,
      remarks: [...new Set(runs.flatMap(({ remark }) => (remark === null ? [] : [remark])))],
      directory: nearest?.directory ?? '',
    };
  });
  return { client, version, failure, outcomes: outcomes.sort((one, other) => other.count - one.count), unknown: readings.length - known.length, readings };
}

const distance = ({ delayMs }: Reading, medianMs: number | null): number => (delayMs === null || medianMs === null ? 0 : Math.abs(delayMs - medianMs));

/** Two times belong together if the second one is at most this many times the first one. The timers of clients differ by more than that. */
export const alike = 1.5;
/** Times below this one are those of the machine, and no timer of a client. */
export const atOnceMs = 100;

type Times = Pick<CellOutcome, 'minMs' | 'maxMs'>;

/** Whether the times of two outcomes are alike: some time of one and some time of the other belong together. */
export function areAlike(one: Times, other: Times): boolean {
  if (one.minMs === null || one.maxMs === null || other.minMs === null || other.maxMs === null) return one.minMs === other.minMs;
  return Math.max(one.minMs, other.minMs) <= alike * Math.max(Math.min(one.maxMs, other.maxMs), atOnceMs);
}

/** Whether all times of an outcome belong together. If not, the client did not do the same in each run, and a median would be a time that no run had. */
export function isSteady({ minMs, maxMs }: Times): boolean {
  return areAlike({ minMs, maxMs: minMs }, { minMs: maxMs, maxMs });
}

/** What an outcome means to the caller. A status of an error is an error. `cannot`: the client lacks what the failure is about, so nothing was run. */
export type OutcomeKind = 'answered' | 'error' | 'no answer' | 'cannot';

/** All kinds, in the order in which tables and summaries have them. */
export const outcomeKinds: readonly OutcomeKind[] = ['answered', 'error', 'no answer', 'cannot'];

/** What a client can lack for a failure. */
export const lacking = { tls: 'no TLS', http2: 'no HTTP/2' } as const;

export function kindOf(outcome: string): OutcomeKind {
  if ((Object.values(lacking) as string[]).includes(outcome)) return 'cannot';
  if (outcome === 'answered') return outcome;
  return /^no answer in \d+ s$/.test(outcome) ? 'no answer' : 'error';
}

/** The outcome of a request that had neither answer nor error when the lab ended the wait. The client may decide later, so the wait is a part of it. */
export function noAnswerIn(patienceMs: number): string {
  return `no answer in ${patienceMs / 1_000} s`;
}

/** What differs from run to run, or with the certificates of a lab: a time of day, a hash, a port, and how long something took. */
const passing: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z|\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d [\d:]{8} [A-Z]+ \d{4}\b|\b\d{10}\b/g, '…'],
  [/\bsha256\/[\w+/]{43}=/g, 'sha256/…'],
  [/:\d{4,5}\b/g, ':…'],
  [/\b\d+(\.\d+)? ?(m?s|seconds)\b/g, '… s'],
];

/** Removes what says nothing about the client: the message after a command's exit status, and what differs from run to run in any other message. */
export function essenceOf(outcome: string): string {
  if (kindOf(outcome) === 'no answer') return outcome;
  return /^exit status \d+/.exec(outcome)?.[0] ?? passing.reduce((text, [pattern, instead]) => text.replace(pattern, instead), outcome);
}
