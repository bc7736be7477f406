/** What the page of a run, or of a comparison, is made from, and the part of it that its script reads. */
import type { Check, Verdict } from '../analysis/checks.ts';
import type { Findings } from '../analysis/findings.ts';
import type { Plot } from '../analysis/plot.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Topology } from '../vocabulary/topology.ts';
import type { PicturedRun } from './model.ts';

/** What a scenario asks and explains. */
export interface About {
  title: string;
  teaches: string;
  predict: string;
  explains: string;
  sources: readonly string[];
}

/** The fields of journal.json that the page shows (lab/run/journal.ts). */
export interface ShownJournal {
  scenario: string;
  driver: string;
  client: string;
  seed: number;
  status: string;
  verdict: Verdict;
  startedAt: string;
  durationMs: number;
  platform: { kernel: string; node: string; engine: string | null; clientVersion: string | null };
  error: string | null;
  doubts: readonly string[];
  checks: readonly Check[];
  findings: Findings;
}

/** A run as its page shows it. */
export interface PageRun {
  journal: ShownJournal;
  /** Null if nobody knows: an old run of a scenario that is not in the catalogue. */
  about: About | null;
  /** The command that repeats the run; null if it was not made by a command. */
  command: string | null;
  /** The findings that say something about this run: a name, and the value in words. */
  findingLines: readonly (readonly [string, string])[];
  events: readonly TimelineEvent[];
  topology: Topology;
  /** The picture that the scenario has of its own. */
  plot: Plot | null;
  /** Whether wire.pcapng is beside the page. */
  hasCapture: boolean;
}

/** What the script of a page reads. */
export interface PageData {
  runs: PicturedRun[];
  /** Added to the times of each run, so that they are aligned. All 0 for one run. */
  shiftsMs: number[];
}

/** The id of the element that holds the data, compressed by gzip and written in base64. */
export const dataElement = 'data';
