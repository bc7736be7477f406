/** `lab skew`: runs the causes of skew side by side, with real resolvers and real connections, and shows a row for each as soon as it is measured. */
import pLimit from 'p-limit';
import { profiles } from '../../../client/external/index.ts';
import type { Profile } from '../../../client/external/profile.ts';
import type { Cause } from '../../../scenarios/skew/cause.ts';
import { causeNames, causes, type CauseName } from '../../../scenarios/skew/causes.ts';
import { skewResolverNames, skewResolvers, type SkewResolver, type SkewResolverName } from '../../../scenarios/skew/resolvers.ts';
import { clientHost, prepareClient } from '../../clients/find-client.ts';
import { ownClients } from '../../clients/index.ts';
import type { Driver } from '../../network/drivers/driver.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { startNetwork } from '../../network/start-network.ts';
import { checkResults } from '../../report/run-files.ts';
import { causeLines, footLines, headLine, rowLines, type SkewRow } from '../../report/skew-table.ts';
import { findResolver } from '../../run/resolvers.ts';
import { messageOf } from '../../vocabulary/errors.ts';
import { howToGet } from '../../vocabulary/installation.ts';
import { readSeed } from '../../vocabulary/options.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { chosenNames } from '../chosen-names.ts';
import { interruptedStatus, interruptSignal } from '../interrupt.ts';
import { measureSkew } from '../measure-skew.ts';

export interface SkewFlags {
  driver: string;
  cause: string;
  resolver: string;
  requests: string;
  seed: string;
  jobs: string;
  results: string;
  json?: boolean;
}

/** Exit status: 0, or 2 if something could not be measured that was found, or was asked for by name. 129, 130 or 143 when interrupted. */
export async function skew(flags: SkewFlags): Promise<number> {
  const chosen = chosenNames(flags.cause, causeNames, 'cause of skew');
  const asked = chosenNames(flags.resolver, skewResolverNames, 'resolver');
  const requests = readValue(wholeNumber(1, 10_000), flags.requests, '--requests');
  const jobs = readValue(wholeNumber(1), flags.jobs, '--jobs');
  const seed = readSeed(flags.seed);
  const driver = await chooseDriver(flags.driver);
  await checkResults(flags.results);
  const signal = interruptSignal();
  const say = (lines: readonly string[]): void => { if (!flags.json) for (const line of lines) console.log(line); };

  const missing = await findMissing(asked, driver, signal);
  const found = asked.filter((name) => !missing.has(name));
  const impossible = await findImpossible(chosen, driver);
  say([...missing].map(([name, how]) => pc.yellow(`  ${name} is not there: ${(skewResolvers[name] as SkewResolver).summary}. To get it: ${how}`)));
  say([...impossible].map(([name, why]) => pc.yellow(`  ${name} cannot run: ${why}`)));
  say([headLine(createTopology().backends)]);
  const rows = chosen.filter((name) => !impossible.has(name)).flatMap((cause) => found.map((resolver) => ({ cause, resolver })));
  const inTurn = pLimit(jobs);
  const measure = rows.map(({ cause, resolver }) => inTurn(() => measureSkew(cause, causes[cause] as Cause, resolver, skewResolvers[resolver], { driver, requests, seed, results: flags.results, signal })));
  // A result that is not awaited yet may be an error already.
  for (const each of measure) each.catch(() => undefined);
  const measured: SkewRow[] = [];
  for (const [index, next] of measure.entries()) {
    const { cause } = rows[index] as (typeof rows)[number];
    const row = await next;
    if (signal.aborted) return interruptedStatus() ?? 3;
    if (cause !== rows[index - 1]?.cause) say(causeLines(cause, causes[cause].title));
    say(rowLines(row, !measured.some((other) => other.cause === cause && other.mechanism?.name === row.mechanism?.name)));
    measured.push(row);
  }
  if (flags.json) console.log(JSON.stringify({ requests, seed: Number(seed), missing: { ...Object.fromEntries(missing), ...Object.fromEntries(impossible) }, rows: measured }, null, 2));
  else say(['', ...footLines(flags.results)]);
  return measured.some(({ trouble }) => trouble !== null) || (flags.resolver !== '' && missing.size > 0) || (flags.cause !== '' && impossible.size > 0) ? 2 : 0;
}

/** Returns the resolvers whose client is not on the client's host, and how to get each. What the others need is built. */
async function findMissing(names: readonly SkewResolverName[], driver: Driver, signal: AbortSignal): Promise<Map<SkewResolverName, string>> {
  const missing = new Map<SkewResolverName, string>();
  const external = names.filter((name) => !Object.hasOwn(ownClients, skewResolvers[name].client));
  if (external.length === 0) return missing;
  await using network = await startNetwork(driver, createTopology(), signal);
  const host = clientHost(network);
  await Promise.all(external.map(async (name) => {
    const profile: Profile = profiles[skewResolvers[name].client as keyof typeof profiles];
    const found = await profile.find(host);
    if (found) await prepareClient(host, name, found);
    else missing.set(name, howToGet(profile.install, network.driver));
  }));
  return missing;
}

/** Returns the causes that need a cache which is not there, and why. */
async function findImpossible(names: readonly CauseName[], driver: Driver): Promise<Map<CauseName, string>> {
  const impossible = new Map<CauseName, string>();
  for (const name of names) {
    const { resolver } = (causes[name] as Cause).topology ?? {};
    const why = resolver && (await findResolver(resolver, driver).then(() => null, messageOf));
    if (why) impossible.set(name, why);
  }
  return impossible;
}
