/** The commands that spread many runs over many machines: the plan before them, and the merge after them. */
import { Option, type Command } from 'commander';
import type { PlanFlags } from './commands/plan.ts';
import type { MatrixChoice, MatrixFlags } from './commands/matrix.ts';
import type { MergeFlags } from './commands/merge.ts';
import type { RunFlags } from './commands/run.ts';
import { collect, withDriver, withRunFlags } from './shared-options.ts';

/** Adds the options of a command that makes one shard of a plan. `planned` are its options that the plan has already, so that they cannot stand beside it. */
export const withShard = (command: Command, planned: readonly string[]): Command =>
  command
    .addOption(new Option('--plan <file>', 'make a shard of this plan, which `lab plan` writes (docs/many-machines.md)').conflicts([...planned]))
    .option('--shard <n/m>', 'with --plan: which shard, such as 3/16; auto reads it from a Kubernetes Indexed Job, a Slurm array or GitLab')
    .option('--out <dir>', 'with --plan: the folder for the results of the shard');

/** What a plan says about a run of a scenario. */
export const plannedOfRun = ['client', 'clientImage', 'seed', 'set', 'expect', 'resolvConf', 'resolver', 'serveStale', 'results', 'json', 'verbose'];

/** Which runs a matrix has. */
export const withMatrixChoice = (command: Command): Command =>
  command
    .option('--clients <names>', 'only these clients, with commas between the names', '')
    .option('--failures <names>', 'only these failures, with commas between the names', '')
    .option('--repeat <n>', 'runs of each client and failure; their median counts', '3')
    .option('--quick', 'end the wait for a request after 17 s, in the place of 5 min')
    .option('--timeouts', 'measure each client a second time, with the time limits that a careful user sets');

/** What a plan says about a run of the matrix. */
export const plannedOfMatrix = ['clients', 'failures', 'repeat', 'quick', 'timeouts'];

const withPlanFlags = (command: Command): Command =>
  command
    .requiredOption('--shards <n>', 'into how many shards')
    .option('--timings <file>', 'results of an earlier plan, for the times of its runs: 3-of-16.a1.jsonl, or several of them one after another (repeatable)', collect, []);

/** Adds `plan` and `merge` to the command line. */
export function addShardCommands(program: Command): void {
  const plan = program.command('plan').description('plan the runs of a command for several machines, and print the plan: lab plan matrix --shards 16 > plan.json');

  withPlanFlags(withMatrixChoice(withDriver(plan.command('matrix').description('plan each failure of the matrix with each client that is found here, or that is named')))).action(async (flags: Pick<MatrixFlags, 'driver' | MatrixChoice> & PlanFlags) => {
    const { planMatrix } = await import('./commands/plan.ts');
    process.exitCode = await planMatrix(flags);
  });

  withPlanFlags(withRunFlags(plan.command('scenarios').description('plan one run of each scenario'))).action(async (flags: RunFlags & PlanFlags) => {
    const { planScenarios } = await import('./commands/plan.ts');
    process.exitCode = await planScenarios(flags);
  });

  withPlanFlags(withRunFlags(plan.command('soak').description('plan many runs of each scenario')))
    .option('--n <times>', 'runs of each scenario', '20')
    .option('--only <scenario>', 'only this scenario (repeatable)', collect, [])
    .action(async (flags: RunFlags & PlanFlags & { n: string; only: string[] }) => {
      const { planSoak } = await import('./commands/plan.ts');
      process.exitCode = await planSoak(flags);
    });

  program
    .command('merge <files...>')
    .description('merge the results of shards, and name what is missing; exit status 4 if something is')
    .option('--out <dir>', 'the folder for the merged results', 'results')
    .option('--rerun <file>', 'write a plan for what is missing')
    .option('--shards <n>', 'with --rerun: into how many shards; as many as the plan has if not given')
    .action(async (files: string[], flags: MergeFlags) => {
      const { mergeFiles } = await import('./commands/merge.ts');
      process.exitCode = await mergeFiles(files, flags);
    });
}
