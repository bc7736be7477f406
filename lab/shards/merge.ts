/** Puts the files of shards together again: which run was made where, which one is missing and why, which one was made twice. */
import { LabError } from '../vocabulary/errors.ts';
import { assign, timingsOf } from './assign.ts';
import { partsOf, planHash, rootHash, type Plan, type PlannedRun } from './plan.ts';
import type { Header, RunLine, ShardFile } from './result-lines.ts';

/** A run of the plan that was made, and where. */
export interface MadeRun extends Omit<RunLine, 'line'> {
  header: Header;
  path: string;
}

export interface MissingRun {
  id: string;
  /** Why it is missing, in words. */
  reason: string;
}

export interface Merged {
  /** The first plan. */
  plan: Plan;
  files: ShardFile[];
  /** In the order of the plan's list of runs. A run that was made on two kinds of machine stands here once for each of them. */
  made: MadeRun[];
  missing: MissingRun[];
  /** Runs that were made more than once on one kind of machine; the first of the files counts. */
  duplicates: { id: string; paths: string[] }[];
  /** What else somebody must know about the files. */
  notes: string[];
}

/**
 * Numbers the kinds of machines, for one client: two headers with the same number are one kind. A client of another version is another client, so its version
 * belongs to the kind.
 */
function machineKeys(): (header: Header, client: string) => number {
  const numbers = new Map<string, number>();
  const known = new Map<Header, Map<string, number>>();
  return (header, client) => {
    const ofHeader = known.get(header) ?? new Map<string, number>();
    known.set(header, ofHeader);
    const own = ofHeader.get(client);
    if (own !== undefined) return own;
    const { system, kernel, libc, driver } = header.kind;
    const text = JSON.stringify([system, kernel, libc, driver, header.clients.find(({ name }) => name === client)?.version ?? null]);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    ofHeader.set(client, number);
    return number;
  };
}

/**
 * Merges files. `plans` are the plans that were found with them: the first one, and those that made what was missing.
 * @throws {LabError} BAD_INPUT if they belong to several plans, or if the first plan is not there.
 */
export function merge(plans: readonly Plan[], unsorted: readonly ShardFile[]): Merged {
  const files = unsorted.toSorted((one, other) => one.header.shards - other.header.shards || one.header.shard - other.header.shard || one.header.attempt - other.header.attempt || (one.path < other.path ? -1 : 1));
  const plan = firstPlan(plans, files);
  const order = new Map(plan.runs.map(({ id }, index) => [id, index]));
  const keyOf = machineKeys();
  // By the place of the run in the plan, and the kind of machine. A number takes less memory than a text.
  const made = new Map<number, MadeRun>();
  const again = new Map<number, { id: string; paths: string[] }>();
  const notes: string[] = [];
  for (const { path, header, ...file } of files) {
    for (const { id, durationMs, result } of file.runs) {
      const place = order.get(id);
      if (place === undefined) throw new LabError('BAD_INPUT', `${path} has the run ${id}, which is not in its plan. The file or the plan was changed by hand.`);
      const key = place * mostKinds + keyOf(header, partsOf(id).client);
      const first = made.get(key);
      if (!first) made.set(key, { id, durationMs, result, header, path });
      else again.set(key, { id, paths: [...(again.get(key)?.paths ?? [first.path]), path] });
    }
    notes.push(...notesOn({ path, header, ...file }));
  }
  for (const [commit, own] of Map.groupBy(files, ({ header }) => header.commit)) {
    if (commit !== plan.commit) notes.push(`${some(own.map(({ path }) => path))}: made with ${commitText(commit)}, while the plan was made with ${commitText(plan.commit)}.`);
  }
  const runs = [...made].sort(([one], [other]) => one - other).map(([, run]) => run);
  const done = new Set(runs.map(({ id }) => id));
  const left = plan.runs.filter(({ id }) => !done.has(id));
  const why = left.length === 0 ? null : reasonsOf([plan, ...plans.filter((each) => each.rerunOf !== undefined)], files);
  return { plan, files, made: runs, missing: left.map((run) => ({ id: run.id, reason: why?.(run) ?? '' })), duplicates: [...again.values()], notes };
}

/** More kinds of machines than there can be files. */
const mostKinds = 2 ** 24;

/** The plan that all the files go back to. */
function firstPlan(plans: readonly Plan[], files: readonly ShardFile[]): Plan {
  const roots = new Map<string, string[]>();
  const add = (root: string, of: string): void => { roots.set(root, [...(roots.get(root) ?? []), of]); };
  for (const { header, path } of files) add(header.root, path);
  for (const plan of plans) if (!roots.has(rootHash(plan))) add(rootHash(plan), `the plan ${planHash(plan)}`);
  if (roots.size > 1) {
    throw new LabError('BAD_INPUT', `The files belong to ${roots.size} plans, and only runs of one plan can be merged:${[...roots].map(([root, paths]) => `\n  ${root}: ${some(paths)}`).join('')}`);
  }
  const [[root, paths] = ['', []]] = roots;
  const plan = plans.find((each) => planHash(each) === root);
  if (!plan) throw new LabError('BAD_INPUT', `The plan ${root} of ${some(paths)} is not there, so nobody can tell which runs are missing. Name its file, too: lab merge plan.json FILES…`);
  return plan;
}

/** A list that does not fill the screen. */
export function some(words: readonly string[], most = 5): string {
  return words.length <= most ? words.join(', ') : `${words.slice(0, most).join(', ')} and ${words.length - most} more`;
}

function notesOn({ path, runs, end, broken }: ShardFile): string[] {
  const notes: string[] = [];
  if (broken.length > 0) notes.push(`${path}: line ${some(broken.map(String))} cannot be read. ${end === null ? 'The shard was cut while it wrote its last line.' : 'The file was damaged.'}`);
  if (end !== null && end.made !== runs.length) notes.push(`${path}: its end line counts ${end.made} runs, and the file has ${runs.length}.`);
  return notes;
}

const commitText = (commit: string | null): string => (commit === null ? 'a lab whose commit is not known' : `commit ${commit}`);

/** Says why a run is missing. Of several plans that have it, the last one that was begun knows. */
function reasonsOf(plans: readonly Plan[], files: readonly ShardFile[]): (run: PlannedRun) => string {
  const byShard = Map.groupBy(files, ({ header }) => `${header.plan} ${header.shard}`);
  const absent = new Map(files.flatMap(({ header, absent: lines }) => lines.map(({ id, reason }) => [`${header.plan} ${id}`, `${reason} (${header.host})`] as const)));
  const begun = plans.map((plan, index) => {
    const [hash, of] = [planHash(plan), index === 0 ? '' : ` of the plan ${planHash(plan)}`];
    const runsOf = Map.groupBy(plan.runs, ({ shard }) => shard);
    const reasons = new Map([...runsOf].map(([shard, runs]) => [shard, shardReason(`shard ${shard}/${plan.shards}${of}`, runs.length, byShard.get(`${hash} ${shard}`) ?? [])]));
    return { hash, shards: new Map(plan.runs.map(({ id, shard }) => [id, shard])), reasons };
  }).filter(({ hash }, index) => index === 0 || files.some(({ header }) => header.plan === hash));
  return ({ id }) => {
    const last = begun.findLast(({ shards }) => shards.has(id));
    return absent.get(`${last?.hash ?? ''} ${id}`) ?? last?.reasons.get(last.shards.get(id) ?? 0) ?? '';
  };
}

/** What the files of a shard say about a run that is in none of them. */
function shardReason(shard: string, planned: number, files: readonly ShardFile[]): string {
  if (files.length === 0) return `no file of ${shard}`;
  if (files.some(({ end }) => end !== null)) return `no line of it in the file of ${shard}, which came to its end: lines were lost`;
  return `no end line of ${shard}: it was cut after ${new Set(files.flatMap(({ runs }) => runs.map((run) => run.id))).size} of ${planned} runs`;
}

/** A plan for what is missing, in as many shards as there is work for; null if nothing is missing. Runs that were made tell how long the others will take. */
export function rerunPlan({ plan, made, missing }: Pick<Merged, 'plan' | 'made' | 'missing'>, shards = plan.shards): Plan | null {
  if (missing.length === 0) return null;
  const count = Math.min(shards, missing.length);
  const expected = timingsOf(plan.runs.flatMap(({ id, expectedMs }) => (expectedMs === undefined ? [] : [{ id, durationMs: expectedMs }])));
  return { ...plan, rerunOf: rootHash(plan), shards: count, runs: assign(missing.map(({ id }) => id), count, new Map([...expected, ...timingsOf(made)])) };
}
