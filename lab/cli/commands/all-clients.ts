/** `lab all-clients`: runs every scenario with every client that is found. A client can make a run pass or unknown, but never fail. */
import pLimit from 'p-limit';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scenarioNames } from '../../../scenarios/index.ts';
import { clientHost, findClients } from '../../clients/find-client.ts';
import { parseClient } from '../../clients/index.ts';
import type { Driver } from '../../network/drivers/driver.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { startNetwork } from '../../network/start-network.ts';
import { complaintsOf, wordOf } from '../../report/complaints.ts';
import { writeRunFiles } from '../../report/run-files.ts';
import { missingPart } from '../../run/missing-part.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { unlessAborted } from '../../vocabulary/limits.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';
import { runOptions, type RunFlags } from './run.ts';

export interface AllClientsFlags extends RunFlags {
  /** Clients or commands; every client that is found if there are none. */
  clients: string[];
  only: string[];
  jobs: string;
}

/** What one run showed. */
interface Outcome {
  scenario: string;
  client: string;
  word: string;
  complaints: string[];
  directory: string;
}

/** Exit status: 0 if every run passed or was unknown with a reason, 1 if one failed or could not run, 129, 130 or 143 when interrupted. */
export async function allClients(flags: AllClientsFlags): Promise<number> {
  const jobs = readValue(wholeNumber(1), flags.jobs, '--jobs');
  const driver = await chooseDriver(flags.driver);
  const signal = interruptSignal();
  const clients = flags.clients.length > 0 ? flags.clients.flatMap(namesIn).map((text) => parseClient(text).name) : await foundClients(driver, signal);
  const names: string[] = [];
  for (const name of flags.only.length > 0 ? flags.only : scenarioNames) {
    const missing = await missingPart((await runOptions(name, flags)).scenario, driver);
    if (missing === null) names.push(name);
    else console.log(`  ${pc.yellow('skipped')}  ${name}: ${missing}`);
  }
  // Scenarios outside, clients inside: so the labs that run at the same time do the same kind of work.
  const runs = names.flatMap((scenario) => clients.map((client) => ({ scenario, client })));
  const total = runs.length;
  const start = performance.now();
  const outcomes: Outcome[] = [];
  console.log(pc.dim(`${names.length} scenarios with ${clients.length} clients: ${total} runs, ${jobs} labs at a time`));
  await pLimit(jobs).map(runs, async ({ scenario, client }) => {
    if (signal.aborted) return;
    const finished = await runScenario(await runOptions(scenario, { ...flags, client }));
    const word = wordOf(finished.journal);
    const directory = word === 'pass' ? '' : await writeRunFiles(finished, flags.results);
    const complaints = complaintsOf(finished.journal);
    outcomes.push({ scenario, client, word, complaints, directory });
    if (word !== 'pass') {
      console.log(`  ${(word === 'unknown' ? pc.yellow : pc.red)(word)} ${scenario} with ${client}  ${pc.dim(directory)}`);
      for (const complaint of complaints) console.log(`      ${complaint}`);
    }
    if (outcomes.length % 100 === 0) console.log(pc.dim(`  ${outcomes.length} of ${total} runs, ${((performance.now() - start) / 1000).toFixed(0)} s`));
  });
  await mkdir(flags.results, { recursive: true });
  await writeFile(join(flags.results, 'all-clients.json'), `${JSON.stringify(outcomes, null, 2)}\n`);
  for (const line of tableLines(clients, outcomes)) console.log(line);
  console.log(`\n${outcomes.length} of ${total} runs in ${((performance.now() - start) / 1000).toFixed(0)} s: ${countsText(outcomes)}\n${pc.dim(`      ${join(flags.results, 'all-clients.json')}`)}`);
  return interruptedStatus() ?? (outcomes.every(({ word }) => word === 'pass' || word === 'unknown') ? 0 : 1);
}

async function foundClients(driver: Driver, signal: AbortSignal): Promise<string[]> {
  await using network = await startNetwork(driver, createTopology(), signal);
  return (await unlessAborted(signal, () => findClients(clientHost(network), network.driver))).filter(({ version }) => version !== null).map(({ name }) => name);
}

/** One row for each client: how many runs passed, and the scenarios that did not. */
function tableLines(clients: readonly string[], outcomes: readonly Outcome[]): string[] {
  const width = Math.max(...clients.map((client) => client.length));
  return ['', ...clients.map((client) => {
    const own = outcomes.filter((outcome) => outcome.client === client);
    const others = own.filter(({ word }) => word !== 'pass').map(({ scenario, word }) => `${scenario} ${word}`);
    return `  ${client.padEnd(width)}  ${countsText(own)}${others.length > 0 ? pc.dim(`  (${others.join(', ')})`) : ''}`;
  })];
}

function countsText(outcomes: readonly Outcome[]): string {
  return [...Map.groupBy(outcomes, ({ word }) => word)].map(([word, each]) => `${each.length} ${word}`).sort().join(', ');
}

/** The clients that one value of `--clients` names: a command, which has a blank between its own words, or several names with blanks or commas between them. */
export function namesIn(value: string): string[] {
  return /\{url\}|\//.test(value) ? [value.trim()] : value.split(/[\s,]+/).filter((name) => name !== '');
}
