/** The command line. Each command is loaded when it is asked for: starting up is part of what a run takes. */
import { Command, CommanderError } from 'commander';
import { driverNames } from '../network/drivers/index.ts';
import { LabError } from '../vocabulary/errors.ts';
import { expectedOf } from '../vocabulary/values.ts';
import { faultNamed, faultNames } from '../faults/index.ts';
import type { MatrixFlags } from './commands/matrix.ts';
import type { ParityFlags } from './commands/parity.ts';
import type { RunFlags } from './commands/run.ts';
import type { SoakFlags } from './commands/soak.ts';

// `bin/lab run … | head`: who reads no more wants no more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // As a shell says it: 128 + SIGPIPE.
  if (error.code === 'EPIPE') process.exit(141);
  throw error;
});

const collect = (word: string, words: string[]): string[] => [...words, word];

const program = new Command('lab')
  .description('A local failure-injection lab: what does my HTTP client do when DNS, the network or a server fails?')
  .showHelpAfterError('(lab --help lists the commands)')
  .enablePositionalOptions()
  .exitOverride()
  .commandsGroup('Scenarios:');

const withRunFlags = (command: Command): Command =>
  command
    .option('--driver <name>', driverNames.join(', '), process.env['LAB_DRIVER'] ?? 'auto')
    .option('--client <name>', 'the client under test: a name (lab clients lists them), or a command with {url} in it', 'node-fetch')
    .option('--client-image <image>', 'on docker: run the client from this image, on the lab\'s network')
    .option('--seed <text>', 'a number; repeats every shuffled answer exactly', '1')
    .option('--set <key=value>', 'an option of our client (repeatable)', collect, [])
    .option('--expect <field<value>', 'a bound that a finding must keep (repeatable): recoveryMs<2000, requests.failed==0', collect, [])
    .option('--json', 'print the journal alone')
    .option('-v, --verbose', 'print every event');

withRunFlags(program.command('run [scenario]').description('run one scenario: exit status 0 pass, 1 fail, 2 unknown, 3 could not run')).action(
  async (name: string | undefined, flags: RunFlags) => {
    if (name === undefined || name === '') {
      const { listLines } = await import('./commands/list.ts');
      console.error(`Which scenario? (make scenario name=…, or lab run …)\n\n${listLines().join('\n')}`);
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

withRunFlags(program.command('parity').description('run every scenario on namespaces and on docker, side by side'))
  .option('--repeat <n>', 'runs of each, whose median counts', '1')
  .option('--only <scenario>', 'this one alone (repeatable)', collect, [])
  .action(async (flags: ParityFlags) => {
    const { parity } = await import('./commands/parity.ts');
    process.exitCode = await parity(flags);
  });

withRunFlags(program.command('soak').description('every scenario many times, side by side, on a busy machine'))
  .option('--n <times>', 'runs of each scenario', '20')
  .option('--jobs <n>', 'labs at a time', '4')
  .option('--burners <n>', 'processes that only burn CPU; one a core if not given', '')
  .option('--only <scenario>', 'this one alone (repeatable)', collect, [])
  .action(async (flags: SoakFlags) => {
    const { soak } = await import('./commands/soak.ts');
    process.exitCode = await soak(flags);
  });

program
  .command('matrix')
  .description('every client found, against every failure that matters')
  .option('--driver <name>', driverNames.join(', '), process.env['LAB_DRIVER'] ?? 'auto')
  .option('--clients <names>', 'these alone, with commas between them', '')
  .option('--failures <names>', 'these alone, with commas between them', '')
  .option('--repeat <n>', 'runs of each, whose median counts', '3')
  .option('--jobs <n>', 'labs at a time', '4')
  .option('--write <file>', 'write the page too: docs/matrix.md')
  .action(async (flags: MatrixFlags) => {
    const { matrix } = await import('./commands/matrix.ts');
    process.exitCode = await matrix(flags);
  });

program
  .command('list')
  .description('list the scenarios')
  .action(async () => {
    const { listLines } = await import('./commands/list.ts');
    console.log(listLines().join('\n'));
  });

program.commandsGroup('A lab by hand:');

program
  .command('up')
  .description('keep a lab up in the foreground; Ctrl-C takes it down')
  .option('--driver <name>', driverNames.join(', '), process.env['LAB_DRIVER'] ?? 'auto')
  .option('--seed <text>', 'a number; repeats every shuffled answer exactly', '1')
  .option('-v, --verbose', 'print every event')
  .action(async (flags: { driver: string; seed: string; verbose?: boolean }) => {
    const { up } = await import('./commands/up.ts');
    process.exitCode = await up(flags);
  });

program
  .command('exec <host> <command...>')
  .description('run a command on a host of the lab that is up')
  .passThroughOptions()
  .action(async (host: string, argv: string[]) => {
    const { exec } = await import('./commands/hand-commands.ts');
    process.exitCode = await exec(host, argv);
  });

program
  .command('dns [words...]')
  .description('show or change the answer policy: lab dns shuffle off, lab dns aaaa on')
  .action(async (words: string[]) => {
    const { dns } = await import('./commands/hand-commands.ts');
    process.exitCode = await dns(words);
  });

program.commandsGroup('Faults on a lab by hand:');

const faultGroup = program.command('fault').description('put a fault in force; `lab fault --help` lists them, and `lab NAME HOST` is short for it');
for (const name of faultNames) {
  const fault = faultNamed(name);
  for (const [parent, hidden] of [[faultGroup, false], [program, true]] as const) {
    const command = parent.command(`${name} <host>`, { hidden }).description(`${fault.summary} (${fault.on.join(', ')})`);
    for (const [key, option] of Object.entries(fault.options)) command.option(`--${kebabCase(key)} <value>`, `${option.doc}: ${expectedOf(option.kind)}`, String(option.default));
    command.action(async (host: string, options: Record<string, string>) => {
      const { applyFault } = await import('./commands/hand-commands.ts');
      process.exitCode = await applyFault(name, host, options);
    });
  }
}

program
  .command('behave <backend> <key=value...>')
  .description('what its application does: delayMs=200 status=503 stall=on closeAfter=3')
  .action(async (backend: string, words: string[]) => {
    const { behave } = await import('./commands/hand-commands.ts');
    process.exitCode = await behave(backend, words);
  });

program
  .command('heal [host]')
  .description('undo every fault in force, or those of one host')
  .action(async (host: string | undefined) => {
    const { heal } = await import('./commands/hand-commands.ts');
    process.exitCode = await heal(host);
  });

program
  .command('down')
  .description('take down the lab that is up')
  .action(async () => {
    const { down } = await import('./commands/hand-commands.ts');
    process.exitCode = await down();
  });

program.commandsGroup('This machine:');

program
  .command('doctor')
  .description('what this machine has and lacks for each driver')
  .action(async () => {
    const { doctor } = await import('./commands/doctor.ts');
    process.exitCode = await doctor();
  });

program
  .command('clients')
  .description('the clients that a run can use, as they are on the client\'s host')
  .option('--driver <name>', driverNames.join(', '), process.env['LAB_DRIVER'] ?? 'auto')
  .option('--install', 'get the other Node versions from npm, and build what has to be built')
  .action(async (flags: { driver: string; install?: boolean }) => {
    const { listClients } = await import('./commands/list-clients.ts');
    process.exitCode = await listClients(flags);
  });

program
  .command('docs', { hidden: true })
  .option('--check', 'fail where a document is not what the code says')
  .action(async ({ check }: { check?: boolean }) => {
    const { docs } = await import('./commands/docs.ts');
    process.exitCode = await docs(check === true);
  });

/** `rateKbit` as the command line writes it: `rate-kbit`. */
function kebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said what was wrong; help and version are no errors.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 3;
  else if (error instanceof LabError) {
    console.error(`lab: ${error.message}`);
    process.exitCode = 3;
  } else {
    // A bug, or a machine that failed us: no verdict either way.
    console.error('lab: unexpected:', error);
    process.exitCode = 3;
  }
}
