/** One row of `lab skew`: runs one cause with one resolver, and holds the shares against the model, and the events against the known mechanisms. */
import { measured, type Cause } from '../../scenarios/skew/cause.ts';
import { requestMany } from '../../scenarios/skew/causes.ts';
import type { SkewResolver, SkewResolverName } from '../../scenarios/skew/resolvers.ts';
import { chanceOfShares, skewOf } from '../analysis/skew.ts';
import type { Driver } from '../network/drivers/driver.ts';
import { writeRunFiles } from '../report/run-files.ts';
import type { Expected, SkewRow } from '../report/skew-table.ts';
import { runScenario } from '../run/run-scenario.ts';
import { defineScenario } from '../run/scenario.ts';
import { evidenceOf } from '../skew/mechanism/evidence.ts';
import { mechanismOf } from '../skew/mechanism/mechanism.ts';
import { parseAddress, parseHostAddress, type HostAddress } from '../skew/model/address.ts';
import { explainSkew } from '../skew/model/explain-skew.ts';
import { resolverOf } from '../skew/model/resolvers.ts';
import { addressesOf, createTopology, type Topology } from '../vocabulary/topology.ts';

/** Counts that a right model makes in less than one row of a thousand do not fit it. */
const leastChance = 0.001;
/** A cause with many clients makes many starts and restarts. */
const limitMs = 180_000;
/** How many of the addresses of a type the DNS server sends. */
const returned = 2;

export interface Measurement {
  driver: Driver;
  requests: number;
  seed: string;
  results: string;
  signal: AbortSignal;
}

/** Runs the cause `name` with the resolver `resolverName`. A run that failed gives a row with its trouble. */
export async function measureSkew(name: string, cause: Cause, resolverName: SkewResolverName, resolver: SkewResolver, { driver, requests, seed, results, signal }: Measurement): Promise<SkewRow> {
  const { topology: change, dns = {}, keepAlive = false, stimulus } = cause;
  const scenario = defineScenario({
    title: cause.title, teaches: '', predict: '', explains: '', sources: [], limitMs,
    ...(change && { topology: change }),
    client: { keepAlive },
    run: async (stage) => {
      if (dns.aaaa) await stage.dns.aaaa(true);
      if (dns.ttlS !== undefined) await stage.dns.ttl(dns.ttlS);
      if (dns.chain) await stage.dns.chain([...dns.chain]);
      await (stimulus?.(stage, requests) ?? requestMany(stage, requests));
    },
    checks: () => [],
  });
  const finished = await runScenario({ name: `skew-${name}`, scenario, driver, client: resolver.client, clientOptions: resolver.options ?? {}, seed, signal });
  const { journal, events } = finished;
  const directory = await writeRunFiles(finished, results);
  const topology = createTopology(change);
  const client = addressesOf(topology, 'client').map((text) => parseHostAddress(text, 'the client'));
  const ofClient = new Set<string>(client.map(({ text }) => text));
  const arrived = events.filter((event) => event.event === 'backend:request' && event.path === measured && ofClient.has(event.from));
  const counts = topology.backends.map((backend) => arrived.filter(({ host }) => host === backend).length);
  const expected = expectedOf(cause, topology, client, resolverName, resolver);
  const [seen, shares] = expected.inAnyOrder ? [counts, expected.shares].map((list) => list.toSorted((one, other) => other - one)) as [number[], number[]] : [counts, [...expected.shares]];
  const p = chanceOfShares(seen, shares);
  const trouble = journal.error ?? (journal.doubts.length > 0 ? journal.doubts.join('; ') : p === null ? 'no request was answered' : null);
  return {
    cause: name,
    resolver: resolverName,
    client: resolver.client,
    requests: Object.fromEntries(topology.backends.map((backend, index) => [backend, counts[index] ?? 0])),
    lookups: evidenceOf(events, [...ofClient]).lookups,
    failed: journal.findings.requests.failed,
    skew: skewOf(counts),
    expected,
    fit: p === null ? null : { p, fits: p >= leastChance },
    mechanism: mechanismOf(events, client),
    directory,
    trouble,
  };
}

/** The shares that the cause expects. Those of the model are for the answers that the cause lets DNS send. */
function expectedOf({ dns: { chain, aaaa = false } = {}, expects: usually, unlike = {} }: Cause, { backends, hosts }: Topology, client: readonly HostAddress[], resolverName: SkewResolverName, { client: name, options }: SkewResolver): Expected {
  const expects = unlike[resolverName] ?? usually;
  if (expects !== 'the model') return { shares: expects.shares, text: expects.because, by: 'closed form', decidedBy: null, inAnyOrder: expects.inAnyOrder ?? false };
  // A chain that selects first always selects the first addresses of the zone.
  const sent = chain?.[0]?.startsWith('selectFirst') ? backends.slice(0, returned) : backends;
  const answers = sent.flatMap((backend) => [hosts[backend].ipv4, ...(aaaa ? [hosts[backend].ipv6] : [])]).map((text) => parseAddress(text, 'the answers'));
  const question = { client, answers, returned, policy: chain?.includes('shuffle') ?? true ? ('shuffle' as const) : ('fixed' as const) };
  const row = resolverOf({ client: name, resolver: options?.resolver ?? 'lookup', resultOrder: 'verbatim', addresses: client });
  const model = explainSkew(question).find((each) => each.name === row);
  if (!model) throw new Error(`The model has no row for ${name}.`);
  const sharesOf = (backend: (typeof backends)[number]): [number, string][] => [hosts[backend].ipv4, hosts[backend].ipv6].map((address) => [model.shares[address] ?? 0, model.fractions[address] ?? '0']);
  return {
    shares: backends.map((backend) => sharesOf(backend).reduce((sum, [share]) => sum + share, 0)),
    text: backends.map((backend) => sharesOf(backend).flatMap(([share, text]) => (share > 0 ? [text] : [])).join(' + ') || '0').join(', '),
    by: model.name,
    decidedBy: model.decidedBy,
    inAnyOrder: false,
  };
}
