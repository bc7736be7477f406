/**
 * A plan: every run that several machines make together, and which shard makes it. It is made once, because the clients that are found differ between
 * machines: shards by index of a list that each machine makes itself would leave runs out, and make others twice.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { readValue } from '../vocabulary/values.ts';

/** What can be planned, by the name of its command. */
export const plannable = ['matrix', 'soak', 'scenarios'] as const;
export type Plannable = (typeof plannable)[number];

/** What one run is: a failure of the matrix or a scenario, with a client and a seed. */
export interface RunParts {
  name: string;
  client: string;
  seed: string;
}

/** A run, and the shard that makes it. */
export interface PlannedRun {
  /** `first-silent/curl/1`: see `idOf`. */
  id: string;
  /** From 1 on. */
  shard: number;
  /** How long the run is expected to take, in ms; not there without measured times. */
  expectedMs?: number | undefined;
}

export interface Plan {
  plan: Plannable;
  /** The command that makes the same runs on one machine. */
  command: string;
  /** The version of the lab. */
  lab: string;
  /** The commit of the lab's checkout, with `-dirty` after it where files differed from it. Null where the lab is no checkout, for instance an image or the npm package. */
  commit: string | null;
  /** SHA-256 of package-lock.json. Null in the npm package, which has none. */
  lock: string | null;
  /** The hash of the first plan, in a plan that makes what was missing of it. */
  rerunOf?: string | undefined;
  /** How many shards there are. */
  shards: number;
  /** What the command takes for each of its runs: its options by their names. */
  settings: Record<string, unknown>;
  /** Of the matrix: the clients that were looked for. One that is not there has no version. */
  clients: PlannedClient[];
  /** Scenarios that are not planned, because the machine that made the plan lacks something. */
  skipped: { name: string; reason: string }[];
  /** Each shard makes its runs in this order. */
  runs: PlannedRun[];
}

/** A client as it was found, or not found, on a machine. */
export interface PlannedClient {
  name: string;
  version: string | null;
  /** Why it was not found. */
  reason?: string | undefined;
}

/** `name/client/seed`. A command as a client may have slashes in it; the names of failures and scenarios, and seeds of a plan, have none. */
export function idOf({ name, client, seed }: RunParts): string {
  return `${name}/${client}/${seed}`;
}

export function partsOf(id: string): RunParts {
  const [first, last] = [id.indexOf('/'), id.lastIndexOf('/')];
  return { name: id.slice(0, first), client: id.slice(first + 1, last), seed: id.slice(last + 1) };
}

function isPlannedRun(value: unknown): boolean {
  const { id, shard, expectedMs } = (value ?? {}) as Partial<Record<keyof PlannedRun, unknown>>;
  return typeof id === 'string' && /^[^/]+\/.+\/[^/]+$/.test(id) && Number.isSafeInteger(shard) && (shard as number) >= 1 && (expectedMs === undefined || Number.isFinite(expectedMs));
}

const kind = v.pipe(
  v.object({
    plan: v.picklist(plannable, 'one of matrix, soak, scenarios'),
    command: v.string('a text'),
    lab: v.string('a text'),
    commit: v.nullable(v.string('a text or null')),
    lock: v.nullable(v.string('a text or null')),
    rerunOf: v.optional(v.string('a text')),
    shards: v.pipe(v.number('a number'), v.safeInteger('a whole number'), v.minValue(1, '1 or more')),
    settings: v.record(v.string(), v.unknown(), 'an object'),
    clients: v.array(v.object({ name: v.string('a text'), version: v.nullable(v.string('a text or null')), reason: v.optional(v.string('a text')) }), 'a list of clients'),
    skipped: v.array(v.object({ name: v.string('a text'), reason: v.string('a text') }), 'a list'),
    // There may be 10^5 of them, and a schema of their fields copies each one.
    runs: v.array(v.custom<PlannedRun>(isPlannedRun, 'a run with an id such as first-silent/curl/1, and a shard, 1 or more'), 'a list of runs'),
  }, 'an object'),
);

/** Returns the plan that a text holds. `file` names it in messages. @throws {LabError} BAD_INPUT that says what is wrong in it. */
export function parsePlan(text: string, file: string): Plan {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new LabError('BAD_INPUT', `Expected ${file} to be a plan, which \`lab plan\` writes, but it is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const plan = readValue(kind, json, '', `the plan ${file}`);
  const beyond = plan.runs.find(({ shard }) => shard > plan.shards);
  if (beyond) throw new LabError('BAD_INPUT', `The plan ${file} has ${plan.shards} shards, but its run ${beyond.id} belongs to shard ${beyond.shard}. Make the plan again: lab plan.`);
  const ids = new Set<string>();
  for (const { id } of plan.runs) {
    if (ids.has(id)) throw new LabError('BAD_INPUT', `The plan ${file} has the run ${id} more than once. Make the plan again: lab plan.`);
    ids.add(id);
  }
  return plan;
}

/** The plan as a file: one line for each run, so that people and grep can read it. */
export function planText({ runs, ...head }: Plan): string {
  return `${JSON.stringify(head, null, 2).replace(/\n\}$/, '')},\n  "runs": [${runs.map((run) => `\n    ${JSON.stringify(run)}`).join(',')}\n  ]\n}\n`;
}

/** Names a plan: the same for the same content, however the file is laid out. */
export function planHash(plan: Plan): string {
  const known = hashes.get(plan);
  if (known !== undefined) return known;
  const { plan: what, command, lab, commit, lock, rerunOf, shards, settings, clients, skipped, runs } = plan;
  const hash = createHash('sha256').update(JSON.stringify({ plan: what, command, lab, commit, lock, rerunOf, shards, settings, clients, skipped }));
  for (const { id, shard, expectedMs } of runs) hash.update(JSON.stringify([id, shard, expectedMs]));
  const made = hash.digest('hex').slice(0, 16);
  hashes.set(plan, made);
  return made;
}

/** A plan is never changed, so its hash is made once. */
const hashes = new WeakMap<Plan, string>();

/** The hash of the plan from which all began: that of the plan itself, unless it makes what was missing of another one. */
export function rootHash(plan: Plan): string {
  return plan.rerunOf ?? planHash(plan);
}

/** The runs of one shard, in their order. */
export function runsOfShard({ runs }: Pick<Plan, 'runs'>, shard: number): PlannedRun[] {
  return runs.filter((run) => run.shard === shard);
}
