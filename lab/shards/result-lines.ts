/**
 * The file that a shard writes, `3-of-16.a1.jsonl`: a header, one line for each run as it ends, and an end line. Each line is one write, so a shard that is
 * killed loses at most the line it was writing.
 */
import * as v from 'valibot';
import { objectOf } from '../vocabulary/json-lines.ts';
import type { PlannedClient } from './plan.ts';

/** What may differ between machines so that their runs must not be mixed. */
export interface MachineKind {
  /** `Debian GNU/Linux 12 (bookworm)`. */
  system: string;
  /** `6.1.0-13-amd64`. */
  kernel: string;
  /** `glibc 2.36`. */
  libc: string;
  /** `netns`. */
  driver: string;
}

export interface Header {
  line: 'header';
  /** The hash of the plan. */
  plan: string;
  /** The hash of the first plan: see `rerunOf` of a plan. */
  root: string;
  shard: number;
  shards: number;
  attempt: number;
  startedAt: string;
  commit: string | null;
  /** The name of the machine, which tells people where to look. */
  host: string;
  kind: MachineKind;
  /** Facts of the machine for the reader of the results, each by its name. */
  facts: Record<string, string>;
  /** The clients of this shard, as they were found on this machine. */
  clients: PlannedClient[];
}

/** A run that was made. */
export interface RunLine {
  line: 'run';
  id: string;
  durationMs: number;
  /** What the run showed. Its command knows what is in it. */
  result: object;
}

/** A run that this machine cannot make. */
export interface AbsentLine {
  line: 'absent';
  id: string;
  /** For instance why the client was not found. */
  reason: string;
}

/** The last line. The counts say whether lines are missing. */
export interface EndLine {
  line: 'end';
  /** Runs of the shard. */
  planned: number;
  /** Runs that this file has. */
  made: number;
  /** Runs that earlier attempts had made. */
  earlier: number;
  /** Runs that this machine cannot make. */
  absent: number;
  /** Facts of the machine that are known at the end only. */
  facts: Record<string, string>;
}

export type ResultLine = Header | RunLine | AbsentLine | EndLine;

/** What a file holds, as far as it was written. */
export interface ShardFile {
  /** Names the file in messages. */
  path: string;
  header: Header;
  runs: RunLine[];
  absent: AbsentLine[];
  /** Null if the shard did not come to its end. */
  end: EndLine | null;
  /** The numbers of the lines, from 1 on, that are none of ours. The last line of a shard that was killed may be one of them. */
  broken: number[];
}

export function lineText(line: ResultLine): string {
  return `${JSON.stringify(line)}\n`;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const client = v.object({ name: v.string(), version: v.nullable(v.string()), reason: v.optional(v.string()) });
const kinds = {
  header: v.object({
    line: v.literal('header'), plan: v.string(), root: v.string(), shard: count, shards: count, attempt: count, startedAt: v.string(), commit: v.nullable(v.string()), host: v.string(),
    kind: v.object({ system: v.string(), kernel: v.string(), libc: v.string(), driver: v.string() }), facts: v.record(v.string(), v.string()), clients: v.array(client),
  }),
  absent: v.object({ line: v.literal('absent'), id: v.string(), reason: v.string() }),
  end: v.object({ line: v.literal('end'), planned: count, made: count, earlier: count, absent: count, facts: v.record(v.string(), v.string()) }),
} satisfies Record<Exclude<ResultLine['line'], 'run'>, v.GenericSchema>;

/** There may be 10^5 lines of this kind, and a schema copies each of them. */
function isRunLine(message: object): message is RunLine {
  const { line, id, durationMs, result } = message as Partial<Record<keyof RunLine, unknown>>;
  return line === 'run' && typeof id === 'string' && Number.isFinite(durationMs) && typeof result === 'object' && result !== null && !Array.isArray(result);
}

/** The line that a text holds. Null if it is none, for instance because it was cut. */
function parseLine(text: string): ResultLine | null {
  const message = objectOf(text);
  if (message === undefined) return null;
  if (isRunLine(message)) return message;
  if (!('line' in message) || typeof message.line !== 'string' || !Object.hasOwn(kinds, message.line)) return null;
  const { success, output } = v.safeParse(kinds[message.line as keyof typeof kinds], message);
  return success ? output : null;
}

/** Reads a file of a shard. Null if it has no whole header, so that nobody can tell which plan its lines belong to. Lines that were cut are left out, never guessed. `pieces`: the text, in pieces of any size. */
export function readShardFile(pieces: Iterable<string>, path: string): ShardFile | null {
  const lines = linesOf(pieces);
  const header = parseLine(lines.next().value ?? '');
  if (header?.line !== 'header') return null;
  const file: ShardFile = { path, header, runs: [], absent: [], end: null, broken: [] };
  let number = 1;
  for (const each of lines) {
    const line = parseLine(each);
    number++;
    if (line?.line === 'run') file.runs.push(line);
    else if (line?.line === 'absent') file.absent.push(line);
    else if (line?.line === 'end') file.end = line;
    else file.broken.push(number);
  }
  return file;
}

/** The runs in any text of result lines, also of several files one after another. For their times. */
export function runLinesOf(pieces: Iterable<string>): RunLine[] {
  return [...linesOf(pieces)].map(parseLine).filter((line) => line?.line === 'run');
}

/** The lines, one at a time, because a list of them would take as much memory as the text. JSON has no line end in it, so a cut line cannot be taken for a whole one. */
function* linesOf(pieces: Iterable<string>): Generator<string, undefined> {
  let rest = '';
  for (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      yield rest + piece.slice(from, end);
      rest = '';
      from = end + 1;
    }
    rest += piece.slice(from);
  }
  if (rest !== '') yield rest;
}

/** `3-of-16.a2.jsonl`. */
export function shardFileName(shard: number, shards: number, attempt: number): string {
  return `${shard}-of-${shards}.a${attempt}.jsonl`;
}

/** The attempts at a shard that some files of a folder are of, in their order. */
export function attemptsIn(names: readonly string[], shard: number, shards: number): number[] {
  return names.flatMap((name) => {
    const match = /^(\d+)-of-(\d+)\.a(\d+)\.jsonl$/.exec(name);
    return match && Number(match[1]) === shard && Number(match[2]) === shards ? [Number(match[3])] : [];
  }).sort((one, other) => one - other);
}
