/** The folder that shards write into: a copy of the plan, and a file for each attempt at a shard. */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, readSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { parsePlan, planHash, planText, rootHash, type Plan } from '../shards/plan.ts';
import { attemptsIn, lineText, readShardFile, shardFileName, type Header, type ResultLine, type ShardFile } from '../shards/result-lines.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';

/** @throws {LabError} BAD_INPUT if there is no such file, or if it is no plan. */
export function readPlan(path: string): Plan {
  return parsePlan(reading(path, 'plan, which `lab plan` writes', () => readFileSync(path, 'utf8')), path);
}

/** The text of a file in pieces, so that a large one takes no more memory than a small one. @throws {LabError} BAD_INPUT */
export function* piecesOf(path: string): Generator<string> {
  const what = 'file of a shard, such as 3-of-16.a1.jsonl';
  const file = reading(path, what, () => openSync(path, 'r'));
  try {
    const [bytes, decoder] = [Buffer.alloc(2 ** 16), new StringDecoder('utf8')];
    for (let count = 1; count > 0;) {
      count = reading(path, what, () => readSync(file, bytes));
      yield count > 0 ? decoder.write(bytes.subarray(0, count)) : decoder.end();
    }
  } finally {
    closeSync(file);
  }
}

function reading<T>(path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new LabError('BAD_INPUT', `Expected ${path} to be a ${what}: ${messageOf(error)}`, { cause: error });
  }
}

/** The plan next to the files of its shards has its hash in its name, so that a folder can hold the plan of a rerun, too. */
const planFileName = (hash: string): string => `plan-${hash}.json`;

/** One attempt at a shard. */
export interface Attempt extends Disposable {
  path: string;
  /** The runs that earlier attempts have made. */
  earlier: ReadonlySet<string>;
  /** Appends one line by one write, and waits until the disk has it. @throws {LabError} BAD_OUTPUT */
  append(line: ResultLine): void;
}

/**
 * Begins an attempt in a folder, which must be there: reads what earlier attempts at the shard have made, and opens a file of its own.
 * @throws {LabError} BAD_INPUT if the folder has files of another plan, BAD_OUTPUT if it cannot be written.
 */
export function beginAttempt(folder: string, plan: Plan, head: Omit<Header, 'line' | 'plan' | 'root' | 'shards' | 'attempt'>): Attempt {
  const [hash, root] = [planHash(plan), rootHash(plan)];
  const attempts = attemptsIn(readdirSync(folder), head.shard, plan.shards);
  const files = attempts.flatMap((attempt) => readShardFile(piecesOf(join(folder, shardFileName(head.shard, plan.shards, attempt))), '') ?? []);
  const foreign = files.find(({ header }) => header.root !== root);
  if (foreign) throw new LabError('BAD_INPUT', `The folder ${folder} has results of another plan (${foreign.header.root}), and this one is ${root}. Name a folder of its own for each plan: out=DIR.`);
  const earlier = new Set(files.filter(({ header }) => header.plan === hash).flatMap(({ runs }) => runs.map(({ id }) => id)));
  return written(folder, () => {
    // Other shards may write the same file at the same time. A rename puts the whole plan there.
    const copy = join(folder, planFileName(hash));
    if (!existsSync(copy)) {
      writeFileSync(`${copy}.${process.pid}`, planText(plan));
      renameSync(`${copy}.${process.pid}`, copy);
    }
    const { path, file, attempt } = freshFile(folder, head.shard, plan.shards, (attempts.at(-1) ?? 0) + 1);
    const append = (line: ResultLine): void => { written(path, () => { appendLine(file, lineText(line)); }); };
    append({ line: 'header', plan: hash, root, shards: plan.shards, attempt, ...head });
    return { path, earlier, append, [Symbol.dispose]: () => { closeSync(file); } };
  });
}

/** A second process may begin the same shard at the same time. The flags make one of them take the next number. */
function freshFile(folder: string, shard: number, shards: number, attempt: number): { path: string; file: number; attempt: number } {
  const path = join(folder, shardFileName(shard, shards, attempt));
  try {
    return { path, file: openSync(path, 'ax'), attempt };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return freshFile(folder, shard, shards, attempt + 1);
  }
}

/** write(2) writes less than it was given when the disk is full. */
function appendLine(file: number, text: string): void {
  const bytes = Buffer.from(text);
  const count = writeSync(file, bytes);
  if (count !== bytes.length) throw new Error(`only ${count} of ${bytes.length} bytes were written; is the disk full?`);
  fsyncSync(file);
}

function written<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('BAD_OUTPUT', `The results of the shard could not be written to ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** What the files of a command line hold: the plans, those that stand beside the files, too, and the results. */
export interface ShardFiles {
  plans: Plan[];
  files: ShardFile[];
  /** Files without a whole header. */
  notes: string[];
}

/** Reads the files that `lab merge` was given, each of them once. @throws {LabError} BAD_INPUT for a file that is not there, and for one that is neither. */
export function readShardFiles(paths: readonly string[]): ShardFiles {
  const plans = new Map<string, Plan>();
  const files: ShardFile[] = [];
  const notes: string[] = [];
  const known = new Map<string, string>();
  for (const path of paths) if (!known.has(resolve(path))) known.set(resolve(path), path);
  for (const path of [...known.values()].sort()) {
    if (path.endsWith('.json')) {
      const plan = readPlan(path);
      plans.set(planHash(plan), plan);
      continue;
    }
    const file = readShardFile(piecesOf(path), path);
    if (file === null) {
      notes.push(`${path}: it has no whole header, so nothing in it counts. The shard was cut before its first run, or this is no file of a shard.`);
      continue;
    }
    files.push(file);
    for (const hash of [file.header.plan, file.header.root]) {
      const beside = join(dirname(path), planFileName(hash));
      if (!plans.has(hash) && existsSync(beside)) plans.set(hash, readPlan(beside));
    }
  }
  return { plans: [...plans.values()], files, notes };
}
