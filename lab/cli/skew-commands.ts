/** The commands of skew: measured in labs, by the exact model, and simulated. */
import type { Command } from 'commander';
import type { ExplainSkewFlags } from './commands/explain-skew.ts';
import type { SimulateFlags } from './commands/simulate.ts';
import type { SkewFlags } from './commands/skew.ts';
import { collect, withDriver, withResults } from './shared-options.ts';

/** Returns the command `simulate`, whose options are added when it is asked for (simulate-options.ts). */
export function addSkewCommands(program: Command): Command {
  withResults(withDriver(program.command('skew').description('run the causes of skew with real resolvers and connections: the share of each backend, and what explains it (docs/skew.md)')))
    .option('--cause <names>', 'only these causes, with commas between the names', '')
    .option('--resolver <names>', 'only these resolvers: node-lookup, node-resolve, go, go-cgo, java, musl', '')
    .option('--requests <n>', 'the requests of a client that opens a new connection for each', '100')
    .option('--seed <number>', 'the seed of every random draw: the same seed repeats every shuffled answer', '1')
    .option('--jobs <n>', 'labs at a time', '2')
    .option('--json', 'print JSON at the end, and nothing else')
    .action(async (flags: SkewFlags) => {
      const { skew } = await import('./commands/skew.ts');
      process.exitCode = await skew(flags);
    });

  program
    .command('explain-skew')
    .description('which address gets which share of new connections, and the rule that decides it, for each resolver (docs/skew.md)')
    .option('--client <address/prefix>', "an address of the client's host and the length of its prefix (repeatable)", collect, [])
    .option('--answers <addresses>', 'the addresses of the DNS name, IPv4 and IPv6, with commas between them')
    .option('--returned <n>', 'how many of them an A or AAAA answer holds; by default all')
    .option('--policy <name>', 'how DNS orders an answer before it selects: shuffle, fixed, rotate; by default shuffle')
    .option('--gai-conf <file>', "the client's gai.conf, for glibc")
    .option('--from <folder>', "a run's folder, such as results/latest: its own addresses and answers, and whether its connections fit")
    .option('--json', 'print JSON')
    .action(async (flags: ExplainSkewFlags) => {
      const { explainSkewLines } = await import('./commands/explain-skew.ts');
      console.log(explainSkewLines(flags).join('\n'));
    });

  return program
    .command('simulate')
    .description('simulate many clients and backends: why does one backend get most of the load, and what evens it out? (docs/skew.md)')
    .action(async (flags: SimulateFlags) => {
      const { simulate } = await import('./commands/simulate.ts');
      process.exitCode = simulate(flags);
    });
}
