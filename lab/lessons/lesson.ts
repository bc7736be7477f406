/** What a lesson is. docs/lessons/ has one file for each; parse.ts reads them, and docs/teaching.md says how to write one. */
import type { Expectation } from '../analysis/expectations.ts';

/** A paragraph, or an item of a list. Its text is inline Markdown (inline.ts). */
export interface Block {
  text: string;
  isItem: boolean;
}

/** An answer that a learner can predict. */
export interface Option {
  /** `a`, `b`, `c` or `d`. */
  letter: string;
  text: string;
  /** How somebody thinks who chooses this option: a misconception, unless the run shows that this client works so. */
  idea: string;
  /** The run was this option if all of these bounds hold for its findings. */
  holds: Expectation[];
}

/** A number that stands in the text of a lesson, and what it is taken from: bounds that a run must keep, or a source in words. */
export type NumberInText = { text: string } & ({ holds: Expectation[]; /** The client of that run. Null for our own. */ client: string | null } | { source: string });

/** Times that a learner can mark on the empty timeline. */
export interface Marks {
  /** The finding that has the true times, in ms: `['attempts', '0', 'synsMs']`. */
  path: string[];
  /** A mark is right if it is no further than this from a true time. */
  withinMs: number;
}

export interface Lesson {
  number: number;
  /** The name of its file without the ending: `03-dropped-or-rejected`. */
  name: string;
  title: string;
  /** The scenario that decides. */
  scenario: string;
  /** The observations of the first investigation that it is about: `S13` (docs/scenarios.md). */
  observations: string[];
  /** The picture of the run needs a linear axis: what is to be seen is how times relate. */
  isTrueToTime: boolean;
  marks: Marks | null;
  question: Block[];
  options: Option[];
  /** The letter of the option that our own client is. */
  answer: string;
  lookFor: Block[];
  why: Block[];
  numbers: NumberInText[];
  /** A command that runs, and what to see in it. Its `--expect` says what our own client does. */
  change: { command: string; text: Block[] };
  whereElse: Block[];
  forTheTeacher: Block[];
}
