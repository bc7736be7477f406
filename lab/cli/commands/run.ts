/** `lab run`: runs one scenario, shows its events, writes its files, and ends with its verdict as the exit status. */
import { paint, pc } from '../../vocabulary/terminal.ts';
import { runnableNames, scenarioNamed } from '../../../scenarios/index.ts';
import { askedOptions, isOwn, parseClient } from '../../clients/index.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { parseExpectation } from '../../analysis/expectations.ts';
import { findingsSchemaFor } from '../../analysis/findings-schema.ts';
import { didYouMean } from '../../vocabulary/nearest-name.ts';
import { readBackends, readResolver, readSeed, splitAssignments } from '../../vocabulary/options.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { parseResolvConfLine } from '../../vocabulary/resolv-conf-line.ts';
import { checkFolderOf, checkResults, writeRunFiles } from '../../report/run-files.ts';
import { parseReporters } from '../../report/reporters.ts';
import { headLines } from '../../report/printed-run.ts';
import { summaryLines } from '../../report/summary.ts';
import type { FinishedRun, Journal } from '../../run/journal.ts';
import { labChangeOf } from '../../run/lab-change.ts';
import { findResolver, firstResolver } from '../../run/resolvers.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { runScenario, type RunOptions } from '../../run/run-scenario.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { shellWord } from '../../vocabulary/shell-word.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';
import { isScenarioFile, loadScenario, nameOfFile } from '../scenario-file.ts';
import { headOf, tellRun } from '../tell-run.ts';
import { listLines } from './list.ts';

export interface RunFlags {
  driver: string;
  client: string;
  clientImage?: string;
  seed: string;
  set: string[];
  expect: string[];
  resolvConf: string[];
  resolver?: string;
  serveStale?: boolean;
  results: string;
  backends?: string;
  patience?: string;
  json?: boolean;
  verbose?: boolean;
}

/** Exit status of a run: 0 pass, 1 fail, 2 unknown or disturbed, 3 could not run; 128 + the signal's number when interrupted. */
export function exitStatusOf({ verdict, status }: Journal): number {
  if (status === 'interrupted') return interruptedStatus() ?? 3;
  if (status === 'failed') return 3;
  return { pass: 0, fail: 1, unknown: 2 }[verdict];
}

/** Runs the scenario `name`. Returns the exit status. */
export async function run(name: string, flags: RunFlags & { reporter: string[]; svg?: string }): Promise<number> {
  const { svg } = flags;
  if (svg !== undefined) checkFolderOf(svg);
  const report = await parseReporters(flags.reporter, flags.json ? console.error : console.log);
  const options = await runOptions(name, flags);
  // Also asked for by runScenario. Here the message comes before the run, and the first line can say which resolver it is.
  if (options.scenario.needsResolver) options.resolver ??= await firstResolver(options.driver);
  const file = isScenarioFile(name) ? name : undefined;
  const write = (line: string): void => { process.stdout.write(`${line}\n`); };
  if (flags.json) {
    const finished = await runScenario(options);
    await writeRunFiles(finished, flags.results);
    if (svg !== undefined) await draw(finished, svg);
    write(JSON.stringify(finished.journal, null, 2));
    await report([finished.journal], file);
    return exitStatusOf(finished.journal);
  }
  for (const line of headLines(headOf(options))) write(paint(line));
  const { finished, directory } = await tellRun(options, flags);
  for (const line of summaryLines(finished.journal, directory, name)) write(paint(line));
  if (svg !== undefined) {
    await draw(finished, svg);
    write(pc.dim(`      ${svg}`));
  }
  await report([finished.journal], file);
  return exitStatusOf(finished.journal);
}

async function draw(finished: FinishedRun, file: string): Promise<void> {
  const { runPicture, writePicture } = await import('../../report/picture-file.ts');
  await writePicture(file, runPicture({ ...finished, hasCapture: finished.capture !== null }));
}

/** Makes the options of a run from the words of the command line. @throws {LabError} BAD_INPUT for an unknown name or a wrong value. */
export async function runOptions(name: string, flags: RunFlags): Promise<RunOptions> {
  const scenario = isScenarioFile(name) ? await loadScenario(name) : scenarioNamed(name);
  if (!scenario) throw new LabError('BAD_INPUT', [`Unknown scenario \`${name}\`. Known:`, ...listLines(), ...(didYouMean(name, runnableNames) === '' ? [] : ['', didYouMean(name, runnableNames).trim()])].join('\n'));
  const seed = readSeed(flags.seed);
  const resolvConf = flags.resolvConf.map(parseResolvConfLine);
  const backends = flags.backends === undefined ? undefined : readBackends(flags.backends);
  const own = scenario.topology?.backends;
  if (backends !== undefined && own !== undefined && backends !== own) throw new LabError('BAD_INPUT', `The scenario ${name} is about ${own} backends, so --backends cannot be ${backends}.`);
  const resolver = flags.resolver === undefined ? undefined : readResolver(flags.resolver);
  if (flags.serveStale && resolver === undefined && !scenario.needsResolver) throw new LabError('BAD_INPUT', '--serve-stale is about the resolver between client and DNS server, and this run has none. Name one, too: --resolver unbound.');
  const asked = splitAssignments(flags.set);
  if ('backends' in asked) throw new LabError('BAD_INPUT', '`backends` is not an option of the client. The lab takes it: --backends 5.');
  const client = parseClient(flags.client);
  if (isOwn(client) && flags.clientImage !== undefined) {
    throw new LabError('BAD_INPUT', `\`${client.name}\` is part of the lab and runs from the lab's own image. Name the client in the image ${flags.clientImage}: --client NAME, or a command.`);
  }
  const clientOptions = askedOptions(client, asked);
  // Also refuses what the scenario and the options do not let together.
  const topology = createTopology(labChangeOf({ name, scenario, client: client.name, clientOptions, ...(backends !== undefined && { backends }) }));
  const schema = findingsSchemaFor(topology.backends);
  const expectations = flags.expect.map((bound) => parseExpectation(bound, schema));
  await checkResults(flags.results);
  // Only the docker driver can run a client from an image.
  const driver = await chooseDriver(flags.clientImage !== undefined && flags.driver === 'auto' ? 'docker' : flags.driver);
  if (resolver !== undefined) await findResolver(resolver, driver, flags);
  return {
    name: isScenarioFile(name) ? nameOfFile(name) : name,
    scenario,
    client: client.name,
    ...(flags.clientImage === undefined ? {} : { clientImage: flags.clientImage }),
    clientOptions,
    driver,
    seed,
    command: commandOf(name, flags),
    ...(backends === undefined ? {} : { backends }),
    ...(resolver === undefined ? {} : { resolver }),
    ...(flags.serveStale ? { serveStale: true } : {}),
    ...(flags.patience === undefined ? {} : { patienceMs: 1_000 * readValue(wholeNumber(1, 3_600), flags.patience, '--patience') }),
    resolvConf,
    expectations,
    signal: interruptSignal(),
  };
}

/** The command line that repeats a run. */
function commandOf(name: string, { client, clientImage, seed, set, expect, resolvConf, resolver, serveStale, backends, patience, driver }: RunFlags): string {
  const given: [string, string | undefined][] = [['--client', client], ['--client-image', clientImage], ['--driver', driver === 'auto' ? undefined : driver], ['--seed', seed], ['--backends', backends], ['--resolver', resolver], ['--patience', patience], ...[...set.map((each) => ['--set', each]), ...resolvConf.map((each) => ['--resolv-conf', each]), ...expect.map((each) => ['--expect', each])] as [string, string][]];
  return [labCommand, 'run', shellWord(name), ...given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellWord(value)])), ...(serveStale ? ['--serve-stale'] : [])].join(' ');
}
