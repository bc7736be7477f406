/** What several runs of one client and one failure come to. */
import { median } from './median.ts';

/** What one run measured. */
export interface Reading {
  /** `answered`, `no answer`, what the caller was told; null where the run showed nothing (its failure was not seen, or the lab broke). */
  outcome: string | null;
  delayMs: number | null;
  remark: string | null;
  /** Where the run's files are. */
  directory: string;
  /** Why it showed nothing. */
  trouble: string | null;
}

export interface Cell {
  client: string;
  version: string | null;
  failure: string;
  /** One entry an outcome, the most frequent first; more than one means that the client did not do the same each time. */
  outcomes: { outcome: string; count: number; medianMs: number | null; minMs: number | null; maxMs: number | null; remarks: string[] }[];
  /** Runs that showed nothing. */
  unknown: number;
  readings: Reading[];
}

export function cellOf(client: string, version: string | null, failure: string, readings: Reading[]): Cell {
  const known = readings.filter((reading): reading is Reading & { outcome: string } => reading.outcome !== null);
  const outcomes = [...Map.groupBy(known, ({ outcome }) => essenceOf(outcome))].map(([outcome, runs]) => {
    const delays = runs.flatMap(({ delayMs }) => (delayMs === null ? [] : [delayMs])).sort((one, other) => one - other);
    return {
      outcome,
      count: runs.length,
      medianMs: median(delays),
      minMs: delays[0] ?? null,
      maxMs: delays.at(-1) ?? null,
      remarks: [...new Set(runs.flatMap(({ remark }) => (remark === null ? [] : [remark])))],
    };
  });
  return { client, version, failure, outcomes: outcomes.sort((one, other) => other.count - one.count), unknown: readings.length - known.length, readings };
}

/** A command's exit status without its words, and a message without the ports and times in it: those differ in each run. */
function essenceOf(outcome: string): string {
  return /^exit status \d+/.exec(outcome)?.[0] ?? outcome.replace(/:\d{4,5}\b/g, ':…').replace(/\b\d+(\.\d+)? ?m?s\b/g, '… s');
}
