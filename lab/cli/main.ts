/** The command line. A command is loaded when it is asked for, because its start is a part of the time of a run. */
import { Command, CommanderError, Option } from 'commander';
import { release, type } from 'node:os';
import { LabError } from '../vocabulary/errors.ts';
import { didYouMean } from '../vocabulary/nearest-name.ts';
import { version } from '../vocabulary/project.ts';
import type { AllClientsFlags } from './commands/all-clients.ts';
import type { MatrixFlags } from './commands/matrix.ts';
import type { ParityFlags } from './commands/parity.ts';
import type { RunFlags } from './commands/run.ts';
import type { RunAllFlags } from './commands/run-all.ts';
import type { SoakFlags } from './commands/soak.ts';
import type { UpFlags } from './commands/up.ts';
import type { WorkshopFlags } from './commands/workshop.ts';
import { dnsUsage } from './dns-words.ts';
import { addLessonCommands } from './lesson-commands.ts';
import { addPictureCommands, withSvg } from './picture-commands.ts';
import { interruptedStatus } from './interrupt.ts';
import { watchOutput } from './output.ts';
import { addReadCommand } from './read-command.ts';
import { collect, withBackends, withDriver, withHttps, withJobs, withReporters, withResolvConf, withResults, withRunFlags } from './shared-options.ts';
import { addShardCommands, plannedOfMatrix, plannedOfRun, withMatrixChoice, withShard } from './shard-commands.ts';
import { addSkewCommands } from './skew-commands.ts';

watchOutput();
// A bug of the lab or of a scenario. Node would end with exit status 1, which means that a check failed.
process.on('uncaughtException', (error) => {
  console.error('lab: unexpected:', error);
  process.exit(3);
});

const program = new Command('lab')
  .description('A local failure-injection lab: what does my HTTP client do when DNS, the network or a server fails?')
  .showHelpAfterError('(lab --help lists the commands)')
  .enablePositionalOptions()
  .version(`failover-lab ${version}, Node ${process.version}, ${type()} ${release()}`)
  .exitOverride()
  .commandsGroup('Scenarios:');

withSvg(withReporters(withBackends(withRunFlags(program.command('run [scenario]').description('run one scenario of the lab, or the one in a file (./failover/checkout.scenario.ts); exit status 0 pass, 1 fail, 2 unknown, 3 could not run'))))).option('--patience <s>', 'how long to wait for a request that may never end; 17 s if not given').action(
  async (name: string | undefined, flags: RunFlags & { reporter: string[]; svg?: string }) => {
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

withJobs(withShard(withReporters(withRunFlags(program.command('run-all').description('run every scenario, several labs at a time'))), [...plannedOfRun, 'reporter']))
  .action(async (flags: RunAllFlags) => {
    const { runAll } = await import('./commands/run-all.ts');
    process.exitCode = await runAll(flags);
  });

withRunFlags(program.command('parity').description('run each scenario that both drivers can run on namespaces and on docker, and compare'))
  .option('--repeat <n>', 'runs of each scenario; their median counts', '1')
  .option('--only <scenario>', 'only this scenario (repeatable)', collect, [])
  .action(async (flags: ParityFlags) => {
    const { parity } = await import('./commands/parity.ts');
    process.exitCode = await parity(flags);
  });

withShard(withRunFlags(program.command('soak').description('run every scenario many times, several labs at a time, on a busy machine')), [...plannedOfRun, 'n', 'only'])
  .option('--n <times>', 'runs of each scenario', '20')
  .option('--jobs <n>', 'labs at a time', '4')
  .option('--burners <n>', 'processes that only burn CPU; one for each core if not given', '')
  .option('--only <scenario>', 'only this scenario (repeatable)', collect, [])
  .action(async (flags: SoakFlags) => {
    const { soak } = await import('./commands/soak.ts');
    process.exitCode = await soak(flags);
  });

withJobs(withRunFlags(program.command('all-clients').description('run every scenario with every client that is found')))
  .option('--clients <name>', 'only this client or command (repeatable)', collect, [])
  .option('--only <scenario>', 'only this scenario (repeatable)', collect, [])
  .action(async (flags: AllClientsFlags) => {
    const { allClients } = await import('./commands/all-clients.ts');
    process.exitCode = await allClients(flags);
  });

withShard(withMatrixChoice(withResults(withDriver(program.command('matrix').description('run every client that is found against every failure that matters')))), [...plannedOfMatrix, 'from', 'against', 'write', 'results'])
  .option('--jobs <n>', 'labs at a time, at the most; as many as the load of this machine allows if not given')
  .addOption(new Option('--from <file>', 'measure nothing: show an older matrix.json, and write its pages again').conflicts(['clients', 'failures', 'repeat', 'jobs', 'quick', 'timeouts', 'driver', 'results']))
  .option('--against <file>', 'list what has changed since this older matrix.json; if not given, since the one beside the page that is written')
  .option('--write <file>', 'also write it as a Markdown page, for instance docs/matrix.md, and its numbers as docs/matrix.json')
  .action(async (flags: MatrixFlags) => {
    const { matrix } = await import('./commands/matrix.ts');
    process.exitCode = await matrix(flags);
  });

program
  .command('list')
  .description('list the scenarios, and the failures of the matrix')
  .action(async () => {
    const { listLines } = await import('./commands/list.ts');
    console.log(listLines().join('\n'));
  });

program
  .command('explain <name>')
  .description('explain a scenario or a fault: the question, what to predict, why it comes out so, the sources')
  .action(async (name: string) => {
    const { explainLines } = await import('./commands/explain.ts');
    console.log((await explainLines(name)).join('\n'));
  });

addReadCommand(program);
addShardCommands(program);
addPictureCommands(program);

program.commandsGroup('Teaching:');

addLessonCommands(program);

program.commandsGroup('Skew:');

const simulateCommand = addSkewCommands(program);

program.commandsGroup('A lab by hand:');

withResults(withHttps(withBackends(withResolvConf(withDriver(program.command('up').description('start a lab and keep it up in the foreground; Ctrl-C takes it down'))))))
  .option('--seed <number>', 'the seed of every random draw: the same seed repeats every shuffled answer', '1')
  .option('-v, --verbose', 'print every event')
  .action(async (flags: UpFlags) => {
    const { up } = await import('./commands/up.ts');
    process.exitCode = await up(flags);
  });

withResults(withHttps(withBackends(withResolvConf(withDriver(program.command('workshop').description('keep a lab up behind a page: break it, watch it, predict what it does; Ctrl-C takes it down'))))))
  .option('--seed <number>', 'the seed of every random draw: the same seed repeats every shuffled answer', '1')
  .option('--client <name>', 'the client at the start; the page can start another one')
  .option('--port <n>', 'the port of the page; a free one if not given', '0')
  .option('--listen <address>', 'an address that other machines can reach, for a room of people who watch; 127.0.0.1 if not given')
  .option('--no-open', 'do not open a browser')
  .action(async (flags: WorkshopFlags) => {
    const { workshop } = await import('./commands/workshop.ts');
    process.exitCode = await workshop(flags);
  });

program
  .command('exec <host> <command...>')
  .description('run a command on a host of the lab that is up')
  .passThroughOptions()
  .action(async (host: string, argv: string[]) => {
    const { exec } = await import('./commands/hand-commands.ts');
    // Commander leaves the `--` before the command.
    process.exitCode = await exec(host, argv[0] === '--' ? argv.slice(1) : argv);
  });

program
  .command('client [client] [key=value...]')
  .description('start a client in the lab that is up, in the place of the one before: lab client curl, lab client node-fetch keepAlive=off; without a name, show it')
  .action(async (client: string | undefined, words: string[]) => {
    const { chooseClient } = await import('./commands/hand-commands.ts');
    process.exitCode = await chooseClient(client ?? null, words);
  });

program
  .command('ask [method]')
  .description('have this client make a request (GET, PUT or POST), or some each second; exit status 1 if it fails')
  .option('--per-s <n>', 'requests a second from now on, at most 20; 0 ends them')
  .action(async (method: string | undefined, { perS }: { perS?: string }) => {
    const { ask } = await import('./commands/hand-commands.ts');
    process.exitCode = await ask(method ?? 'GET', perS);
  });

program
  .command('dns [words...]')
  .description('show or change the answer policy: lab dns shuffle off, lab dns aaaa on')
  .addHelpText('after', `\n${dnsUsage}`)
  .action(async (words: string[]) => {
    const { dns } = await import('./commands/hand-commands.ts');
    process.exitCode = await dns(words);
  });

program
  .command('status')
  .description('show who is up, the faults and behaviours in force, how DNS answers, and the connections')
  .action(async () => {
    const { status } = await import('./commands/hand-commands.ts');
    process.exitCode = await status();
  });

program.commandsGroup('Faults on a lab by hand:');

const faultGroup = program.command('fault').description('put a fault in force; `lab fault --help` lists them, and `lab NAME HOST` is short for it');

program
  .command('behave <backend> <key=value...>')
  .description("change the behaviour of a backend's application: delayMs=200 status=503 stall=on keepAliveMs=500 announce=off (docs/scenarios.md lists all)")
  .action(async (backend: string, words: string[]) => {
    const { behave } = await import('./commands/hand-commands.ts');
    process.exitCode = await behave(backend, words);
  });

program
  .command('heal [host]')
  .description('heal what is broken, everywhere or on one host: faults, behaviours, and DNS that delays, drops, truncates or fails')
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

program.commandsGroup('Your repository:');

program
  .command('init')
  .description('write a first scenario and a CI job (GitHub Actions) into this folder')
  .action(async () => {
    const { init } = await import('./commands/init.ts');
    process.exitCode = await init();
  });

program
  .command('completion <shell>')
  .description('print the completion script for bash, zsh or fish')
  .action(async (shell: string) => {
    const { completionScript } = await import('./completion.ts');
    console.log(completionScript(shell));
  });

program
  .command('complete [words...]', { hidden: true })
  .action(async (words: string[]) => {
    const { candidates } = await import('./completion.ts');
    (await import('./fault-commands.ts')).addFaultCommands(program, faultGroup);
    (await import('./simulate-options.ts')).addSimulateOptions(simulateCommand);
    console.log(candidates(program, words).join('\n'));
  });

program.commandsGroup('This machine:');

program
  .command('doctor')
  .description('show what each driver needs, what is missing, and how to install it')
  .action(async () => {
    const { doctor } = await import('./commands/doctor.ts');
    process.exitCode = await doctor();
  });

withDriver(program.command('clients').description('list the clients that a run can use, with their versions'))
  .option('--install', 'install the clients that npm has, and build those that have to be built')
  .action(async (flags: { driver: string; install?: boolean }) => {
    const { listClients } = await import('./commands/list-clients.ts');
    process.exitCode = await listClients(flags);
  });

program
  .command('docs', { hidden: true })
  .option('--check', 'fail where a document differs from what the code says')
  .action(async ({ check }: { check?: boolean }) => {
    const { docs } = await import('./commands/docs.ts');
    process.exitCode = await docs(check === true);
  });

async function main(): Promise<void> {
  try {
    // Only `fault`, its short form, and help on one of them need the table of faults, which takes 20 ms to load.
    const word = process.argv.slice(2).find((each) => !each.startsWith('-') && each !== 'help');
    const isFault = word !== undefined && (word === faultGroup.name() || !program.commands.some((command) => command.name() === word));
    if (isFault) (await import('./fault-commands.ts')).addFaultCommands(program, faultGroup);
    // Like the faults, the parameters of the simulation are a table that no other command needs.
    if (word === simulateCommand.name()) (await import('./simulate-options.ts')).addSimulateOptions(simulateCommand);
    // Commander would suggest no hidden command, and the short forms of the faults are hidden.
    const names = program.commands.map((command) => command.name());
    if (word !== undefined && !names.includes(word)) program.error(`error: unknown command '${word}'.${didYouMean(word, names)}`);
    await program.parseAsync();
  } catch (error) {
    // Commander has already printed what was wrong. Help and version are no errors.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 3;
    else if (error instanceof LabError) {
      console.error(`lab: ${error.message}`);
      process.exitCode = (error.code === 'INTERRUPTED' ? interruptedStatus() : null) ?? 3;
    } else {
      // A bug of the lab, or a fault of this machine: there is no verdict.
      console.error('lab: unexpected:', error);
      process.exitCode = 3;
    }
  }
}

void main();
