/** Real runs of each cause, with real resolvers: is the mechanism read from the evidence alone? */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Cause } from '../../../scenarios/skew/cause.ts';
import { causes, requestMany, type CauseName } from '../../../scenarios/skew/causes.ts';
import { skewResolvers, type SkewResolverName } from '../../../scenarios/skew/resolvers.ts';
import { measureSkew } from '../../cli/measure-skew.ts';
import { netns } from '../../network/drivers/netns.ts';
import type { SkewRow } from '../../report/skew-table.ts';
import { describeWith, type Need } from '../../testing/testing.ts';
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { parseTimelineEvent } from '../../vocabulary/json-lines.ts';
import { parseHostAddress, type HostAddress } from '../model/address.ts';
import { mechanismOf, type MechanismName } from './mechanism.ts';

const results = mkdtempSync(join(tmpdir(), 'mechanism-'));
afterAll(() => { rmSync(results, { recursive: true }); });

const run = (name: string, cause: Cause, resolver: SkewResolverName = 'node-lookup'): Promise<SkewRow> =>
  measureSkew(name, cause, resolver, skewResolvers[resolver], { driver: netns, requests: 80, seed: '1', results, signal: new AbortController().signal });

/** The events and the client's addresses of a run, from its files. */
function filesOf({ directory }: SkewRow): { events: TimelineEvent[]; client: HostAddress[] } {
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
  const { clientAddresses } = JSON.parse(read('journal.json')) as { clientAddresses: string[] };
  const lines = read('events.ndjson').split('\n').filter(Boolean);
  const events = lines.flatMap((line) => parseTimelineEvent(line) ?? []);
  expect(events).toHaveLength(lines.length);
  return { events, client: clientAddresses.map((text) => parseHostAddress(text, 'the client')) };
}

const cases: [CauseName, SkewResolverName, MechanismName][] = [
  ['shuffle-on', 'node-lookup', 'chance'],
  ['shuffle-off', 'node-lookup', 'same-order'],
  ['shuffle-off', 'musl', 'same-order'],
  ['subset-before-shuffle', 'node-resolve', 'cut-answers'],
  ['rule-9', 'node-lookup', 'rule-9'],
  ['rule-9', 'node-resolve', 'chance'],
  ['rule-9-elsewhere', 'node-lookup', 'rule-9'],
  ['rule-9-without-ipv6', 'node-lookup', 'chance'],
  ['rule-9-aaaa-unrouted', 'musl', 'rule-9'],
  ['rule-9-ipv6', 'node-lookup', 'rule-9'],
  ['rule-9-ipv6', 'go', 'chance'],
  ['ipv6-prefixes', 'go', 'rule-9'],
  ['keep-alive', 'node-lookup', 'kept-connections'],
  ['rolling-restart', 'musl', 'rolling-restart'],
  ['slow-start', 'musl', 'first-server-up'],
  ['cache-dnsmasq', 'musl', 'cache'],
  ['cache-nscd', 'node-lookup', 'cache'],
  ['cache-nscd', 'node-resolve', 'chance'],
  ['few-clients', 'node-lookup', 'chance'],
];

const clientNeeds: Partial<Record<SkewResolverName, Need>> = { go: 'go', musl: 'musl' };
const cacheNeeds: Partial<Record<CauseName, Need>> = { 'cache-dnsmasq': 'dnsmasq', 'cache-nscd': 'nscd' };

for (const [name, resolver, mechanism] of cases) {
  const needs = [clientNeeds[resolver], cacheNeeds[name]].filter((need) => need !== undefined);
  describeWith(['netns', ...needs], `${name} with ${resolver}`, () => {
    test(`is explained by ${mechanism}, and its shares fit what was expected`, { timeout: 120_000 }, async () => {
      const row = await run(name, causes[name], resolver);
      expect(row).toMatchObject({ trouble: null, failed: 0, mechanism: { name: mechanism }, fit: { fits: true } });
      // What the lab did to the run, and what the client says of itself, decides nothing.
      const { events, client } = filesOf(row);
      const ofWitnesses = events.filter(({ witness, event }) => ['wire', 'backend', 'dns'].includes(witness) && event !== 'dns:policy');
      expect(mechanismOf(ofWitnesses, client)).toEqual(row.mechanism);
    });
  });
}

describeWith('netns', 'a run with another mechanism, or with several', () => {
  const url = (address: string): string => `http://${address}:8080/?measured`;
  const other = (stimulus: NonNullable<Cause['stimulus']>, more: Partial<Cause> = {}): Cause => ({ title: '', stimulus, expects: { shares: [1, 0, 0], because: '' }, ...more });
  const unknown: [string, Cause][] = [
    ['an address in the place of the name', other(async ({ client, topology }) => { for (let request = 0; request < 40; request++) await client.get(url(topology.hosts['backend-2'].ipv4)); })],
    ['a shuffle that is switched off on the way', other(async (stage, requests) => {
      await requestMany(stage, requests);
      await stage.dns.chain(['selectFirst 2']);
      await requestMany(stage, requests);
    })],
    ['rule 9 in half of the connections: a second resolver on the host does not sort', other(async (stage, requests) => {
      await requestMany(stage, requests);
      await requestMany({ ...stage, client: await stage.startClient({ resolver: 'resolve', keepAlive: false }) }, requests);
    }, { topology: { clientIpv4: '198.51.100.9' } })],
  ];

  test.each(unknown)('%s: none of those known', { timeout: 60_000 }, async (_, cause) => {
    // askedOptions of the command line would overrule those of the second client, so this resolver has none.
    const row = await measureSkew('unknown', cause, 'node-lookup', { summary: '', client: 'node-fetch' }, { driver: netns, requests: 80, seed: '1', results, signal: new AbortController().signal });
    expect(row).toMatchObject({ trouble: null, mechanism: null });
    expect(row.skew.chi2p).toBeLessThan(0.001);
  });
});

describeWith('netns', 'two causes at once', () => {
  test('rule 9, of answers that DNS has cut before: both are told', { timeout: 60_000 }, async () => {
    const row = await run('both', { title: '', topology: { clientIpv4: '198.51.100.9' }, dns: { chain: ['selectFirst 2', 'shuffle'] }, expects: 'the model' });
    expect(row).toMatchObject({ mechanism: { name: 'rule-9', text: expect.stringMatching(/\. backend-3 was in no answer of DNS$/) as string }, fit: { fits: true } });
  });
});

test('without a request, or without packets, nothing is explained', () => {
  expect(mechanismOf([], [])).toBeNull();
});
