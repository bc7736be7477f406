/** What the server of the workshop and its pages say to each other. */
import type { Block } from '../lessons/lesson.ts';
import type { PageData } from '../picture/page-data.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { TargetKind, Topology } from '../vocabulary/topology.ts';

/** The commands that a page can give, and what each one needs. None of them takes the argv of a program. */
export interface Verbs {
  /** The words after `lab dns`. */
  dns: { words: string[] };
  apply: { fault: string; host: string; options: Record<string, string> };
  heal: { host: string | null };
  behave: { backend: string; change: Record<string, string> };
  /** A name of the table of clients, and options of our own client. */
  client: { name: string; options: Record<string, string> };
  ask: { method: string };
  rate: { method: string; perS: number };
  /** Asks the question of a lesson in all browsers, or runs its scenario: in a lab of its own, so that the lab by hand stays as it is. */
  lesson: { number: number; client: string; runs: boolean };
  /** Writes the session as the folder of a run. */
  save: Record<string, never>;
  /** A link for another browser, which can be used once. */
  invite: Record<string, never>;
  /** Whether all browsers may give commands, or the leader alone. */
  share: { all: boolean };
}
export type Verb = keyof Verbs;

/** A command that was given, with its line for a terminal, and its result. */
export interface Said {
  /** When it ended, in ms of the timeline. */
  tMs: number;
  /** `bin/lab kill backend-1`; empty where no command of a terminal does the same. */
  line: string;
  result: string;
  isError: boolean;
}

/** One record of the stream. */
export type WorkshopRecord = { event: TimelineEvent } | { said: Said };

/** A host as the picture shows it. */
export interface ShownHost {
  name: string;
  ipv4: string;
  ipv6: string;
  /** Null for a host without a server. */
  process: 'runs' | 'paused' | 'ended' | null;
  /** How many connections its server has, from any host; null for a host without a server. */
  connections: number | null;
}

/** The lab as it is now. */
export interface WorkshopState {
  hosts: ShownHost[];
  /** The faults in force, with the host that each one is on. */
  faults: { host: string; text: string }[];
  behaviours: { host: string; text: string }[];
  /** The answer policy of DNS as lines, or why it cannot be asked. */
  dns: string[];
  /** The TCP connections of the client's host. */
  connections: { local: string; peer: string; host: string | null; state: string }[];
  client: { name: string | null; version: string | null; options: string; perS: number; inFlight: number };
  watchers: number;
  /** Whether all browsers may give commands. */
  isShared: boolean;
  doubts: string[];
}

/** The state as one browser gets it. */
export type OwnState = WorkshopState & { mayAct: boolean; isLeader: boolean };

/** An option of a fault or of a client, for a form. */
export interface ShownOption {
  name: string;
  doc: string;
  /** What a value looks like, in words. */
  expected: string;
  default: string;
}

/** A lesson before its run. Nothing in it tells which option the run will be. */
export interface ShownLesson {
  number: number;
  title: string;
  scenario: string;
  question: Block[];
  options: { letter: string; text: string }[];
  /** Whether times can be marked on the empty timeline, and how near a mark must be. */
  marks: { withinMs: number } | null;
}

/** What a run has decided, and the explanation. */
export interface LessonOutcome {
  /** Why the run decides nothing; empty if it decides. */
  undecided: string[];
  /** The letter of the option that the run was. Null if it was none of them, or several. */
  run: string | null;
  /** The letter of the option that our own client is. */
  answer: string;
  options: { letter: string; holds: boolean; idea: string; bounds: { text: string; holds: boolean; seen: string }[] }[];
  lookFor: Block[];
  why: Block[];
  numbers: { text: string; from: string }[];
  change: { command: string; text: Block[] };
  whereElse: Block[];
  /** What was measured: a name, and the value in words. */
  findings: [string, string][];
  /** The true times that could be marked. */
  trueMs: number[] | null;
  isTrueToTime: boolean;
  /** The folder of the run. */
  directory: string;
  picture: PageData['runs'][number];
}

/** The lesson that is held now. */
export interface LessonState {
  number: number;
  client: string;
  phase: 'asked' | 'runs' | 'done' | 'failed';
  outcome: LessonOutcome | null;
  /** Why there is no outcome. */
  error: string | null;
}

/** What a page is told once, before anything else. */
export interface Hello {
  driver: string;
  topology: Topology;
  url: string;
  /** The filters of DNS when the lab came up: `A up > shuffle`, `AAAA up > shuffle`. */
  chains: string[];
  faults: { name: string; summary: string; effect: string; on: TargetKind[]; options: ShownOption[] }[];
  behaviours: ShownOption[];
  clients: string[];
  /** Those of them that are ours: they take all `clientOptions`. */
  ownClients: string[];
  clientOptions: ShownOption[];
  /** The names of those that any client can be given. */
  optionsForAny: string[];
  lessons: ShownLesson[];
  /** Whether the leader can let all browsers give commands. */
  canShare: boolean;
}
