import { expect, test } from 'vitest';
import { whichShard } from './which-shard.ts';

test.each<[string, Record<string, string>, number]>([
  ['1/16', {}, 1],
  ['16/16', { JOB_COMPLETION_INDEX: '3' }, 16],
  ['auto', { JOB_COMPLETION_INDEX: '0' }, 1],
  ['auto', { JOB_COMPLETION_INDEX: '15' }, 16],
  ['auto', { SLURM_ARRAY_TASK_ID: '3' }, 3],
  ['auto', { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '15' }, 1],
  ['auto', { SLURM_ARRAY_TASK_ID: '16', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_MAX: '16' }, 16],
  ['auto', { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_MIN: '3', SLURM_ARRAY_TASK_MAX: '7' }, 7],
  ['auto', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '16' }, 1],
  ['auto', { CI_NODE_INDEX: '16', CI_NODE_TOTAL: '16' }, 16],
  // GitLab sets this in each job.
  ['auto', { CI_NODE_TOTAL: '1', JOB_COMPLETION_INDEX: '4' }, 5],
])('%s with %j is shard %i of 16', (word, env, shard) => { expect(whichShard(word, 16, env)).toBe(shard); });

test.each<[string, Record<string, string>, string]>([
  ['3', {}, 'Expected the shard to be one such as 3/16, or auto, got `3`.'],
  ['0/16', {}, 'There is no shard 0/16: shards count from 1 to 16.'],
  ['17/16', {}, 'There is no shard 17/16: shards count from 1 to 16.'],
  ['3/8', {}, 'The shard 3/8 is one of 8, but the plan has 16 shards: expected 1/16 to 16/16.'],
  ['auto', {}, 'none of them is set. Say which shard this is: 1/16 to 16/16.'],
  ['auto', { JOB_COMPLETION_INDEX: '16' }, 'JOB_COMPLETION_INDEX is `16`, which is none of the 16 shards of the plan: expected 0 to 15.'],
  ['auto', { JOB_COMPLETION_INDEX: 'k3v9x' }, 'JOB_COMPLETION_INDEX is `k3v9x`'],
  ['auto', { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '7' }, 'expected 1 to 16 (sbatch --array=1-16).'],
  ['auto', { CI_NODE_INDEX: '0', CI_NODE_TOTAL: '16' }, 'CI_NODE_INDEX is `0`'],
  ['auto', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '8' }, 'The engine has started 8 jobs, but the plan has 16 shards.'],
  ['auto', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '16', SLURM_ARRAY_TASK_ID: '1' }, 'shard=auto found SLURM_ARRAY_TASK_ID and CI_NODE_INDEX, and cannot know which one counts the shards.'],
])('%s with %j is refused', (word, env, message) => { expect(() => whichShard(word, 16, env)).toThrow(message); });
