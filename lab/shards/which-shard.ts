/** Which shard of a plan this process is to make: as its command line says, or as the engine that started it says. */
import { LabError } from '../vocabulary/errors.ts';

/** What an engine tells a job about its place: the number of the shard, from 1 on, and how many there are if the engine says so. */
interface Place {
  variable: string;
  value: string;
  index: number;
  total: number | null;
}

/** Returns the number of the shard, from 1 to `shards`. `word` is `3/16` or `auto`. @throws {LabError} BAD_INPUT */
export function whichShard(word: string, shards: number, env: Readonly<Record<string, string | undefined>>): number {
  if (word === 'auto') return fromEngine(shards, env);
  const [, shard = '', total = ''] = /^(\d+)\/(\d+)$/.exec(word) ?? [];
  if (total === '') throw new LabError('BAD_INPUT', `Expected the shard to be one such as 3/${shards}, or auto, got \`${word}\`.`);
  if (Number(total) !== shards) throw new LabError('BAD_INPUT', `The shard ${word} is one of ${total}, but the plan has ${shards} shards: expected 1/${shards} to ${shards}/${shards}.`);
  if (Number(shard) < 1 || Number(shard) > shards) throw new LabError('BAD_INPUT', `There is no shard ${word}: shards count from 1 to ${shards}.`);
  return Number(shard);
}

/** Each engine counts in its own way. */
function fromEngine(shards: number, env: Readonly<Record<string, string | undefined>>): number {
  const places = [kubernetes(env), slurm(shards, env), gitlab(env)].filter((place) => place !== null);
  const [place, other] = places;
  if (!place) {
    throw new LabError('BAD_INPUT', `shard=auto reads JOB_COMPLETION_INDEX (an Indexed Job of Kubernetes), SLURM_ARRAY_TASK_ID (a Slurm array), or CI_NODE_INDEX and CI_NODE_TOTAL (GitLab's parallel), and none of them is set. Say which shard this is: 1/${shards} to ${shards}/${shards}.`);
  }
  if (other) throw new LabError('BAD_INPUT', `shard=auto found ${place.variable} and ${other.variable}, and cannot know which one counts the shards. Say which shard this is: 1/${shards} to ${shards}/${shards}.`);
  const { variable, value, index, total } = place;
  if (total !== null && total !== shards) throw new LabError('BAD_INPUT', `The engine has started ${total} jobs, but the plan has ${shards} shards. Both must be the same.`);
  if (!(index >= 1 && index <= shards)) throw new LabError('BAD_INPUT', `${variable} is \`${value}\`, which is none of the ${shards} shards of the plan: expected ${rangeOf(variable, shards)}.`);
  return index;
}

function rangeOf(variable: string, shards: number): string {
  if (variable === 'JOB_COMPLETION_INDEX') return `0 to ${shards - 1}`;
  return variable === 'SLURM_ARRAY_TASK_ID' ? `1 to ${shards} (sbatch --array=1-${shards})` : `1 to ${shards}`;
}

/** Not a number for anything that is no whole number: a swarm writes a node's id where others write 0. */
const indexIn = (value: string): number => (/^\d+$/.test(value) ? Number(value) : NaN);

/** An Indexed Job counts from 0, and does not tell a pod how many there are. */
function kubernetes({ JOB_COMPLETION_INDEX: value }: Readonly<Record<string, string | undefined>>): Place | null {
  return value === undefined ? null : { variable: 'JOB_COMPLETION_INDEX', value, index: indexIn(value) + 1, total: null };
}

/**
 * The user chooses where a Slurm array begins. An array of as many tasks as there are shards is counted from its first one, so 0-15 and 1-16 are the same.
 * Of any other array, for instance `--array=3,7` to repeat two tasks, each number is that of a shard.
 */
function slurm(shards: number, { SLURM_ARRAY_TASK_ID: value, SLURM_ARRAY_TASK_MIN: min = '', SLURM_ARRAY_TASK_MAX: max = '' }: Readonly<Record<string, string | undefined>>): Place | null {
  if (value === undefined) return null;
  const isWhole = indexIn(max) - indexIn(min) + 1 === shards;
  return { variable: 'SLURM_ARRAY_TASK_ID', value, index: indexIn(value) + (isWhole ? 1 - indexIn(min) : 0), total: null };
}

/** GitLab counts from 1. */
function gitlab({ CI_NODE_INDEX: value, CI_NODE_TOTAL: total }: Readonly<Record<string, string | undefined>>): Place | null {
  // GitLab sets CI_NODE_TOTAL to 1 in each job, and CI_NODE_INDEX only in a job with `parallel`.
  return value === undefined ? null : { variable: 'CI_NODE_INDEX', value, index: indexIn(value), total: total === undefined ? null : indexIn(total) };
}
