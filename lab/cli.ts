/** The command line. Each command is loaded when it is asked for: starting up is part of what a run takes. */
import { Command, CommanderError } from 'commander';
import { driverNames } from './drivers/index.ts';
import { LabError } from './errors.ts';
import type { RunFlags } from './commands/run.ts';

const collect = (word: string, words: string[]): string[] => [...words, word];

const program = new Command('lab')
  .description('A local failure-injection lab: what does my HTTP client do when DNS, the network or a server fails?')
  .showHelpAfterError('(lab --help lists the commands)')
  .exitOverride();

const withRunFlags = (command: Command): Command =>
  command
    .option('--driver <name>', driverNames.join(', '), process.env['LAB_DRIVER'] ?? 'auto')
    .option('--client <name>', 'the client under test', 'node-fetch')
    .option('--seed <text>', 'repeats every shuffled answer exactly', '1')
    .option('--set <key=value>', 'an option of our client (repeatable)', collect, [])
    .option('--json', 'print the journal alone')
    .option('-v, --verbose', 'print every event');

withRunFlags(program.command('run [scenario]').description('run one scenario: exit status 0 pass, 1 fail, 2 unknown, 3 could not run')).action(
  async (name: string | undefined, flags: RunFlags) => {
    if (name === undefined || name === '') {
      const { list } = await import('./commands/list.ts');
      console.error('Which scenario? (make scenario name=…, or lab run …)\n');
      list(console.error);
      process.exitCode = 3;
      return;
    }
    const { run } = await import('./commands/run.ts');
    process.exitCode = await run(name, flags);
  },
);

withRunFlags(program.command('run-all').description('run every scenario, several labs side by side'))
  .option('--jobs <n>', 'labs at a time', '4')
  .action(async (flags: RunFlags & { jobs: string }) => {
    const { runAll } = await import('./commands/run-all.ts');
    process.exitCode = await runAll(flags);
  });

program
  .command('list')
  .description('list the scenarios')
  .action(async () => {
    const { list } = await import('./commands/list.ts');
    list();
  });

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said what was wrong; help and version are no errors.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 3;
  else if (error instanceof LabError) {
    console.error(`lab: ${error.message}`);
    process.exitCode = 3;
  } else throw error;
}
