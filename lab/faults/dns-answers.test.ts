/** What resolvers do with a truncated answer that has records, and with a lame answer. The DNS server's log shows what they ask. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { runScenario } from '../run/run-scenario.ts';
import { defineScenario } from '../run/scenario.ts';
import { Timeline } from '../run/timeline.ts';
import { describeWith } from '../testing/testing.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { createTopology, webName } from '../vocabulary/topology.ts';

const { client } = createTopology().hosts;
/** The client's queries, in alphabetical order: `A`, `A over TCP`. */
const asked = (events: readonly TimelineEvent[]): string[] =>
  events.flatMap((event) => (event.event === 'dns:query' && event.from === client.ipv4 ? [`${event.type}${event.transport === 'tcp' ? ' over TCP' : ''}`] : [])).sort();

const glibc = ['getent', 'ahostsv4', webName];
const cares = [process.execPath, '--eval', `require('dns').resolve4('${webName}', (error, addresses) => console.log(error ? error.code : addresses.join('\\n')))`];

describeWith('netns', 'resolvers', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  /** Runs a program on the client's host. Returns the addresses that it prints, without repetitions, and the queries. */
  const lookUp = async (argv: string[]): Promise<{ addresses: string[]; queries: string[]; stdout: string }> => {
    const from = lab.timeline.events.length;
    const { stdout } = await lab.host('client').run(argv);
    await lab.settle();
    lab.timeline.flush();
    return { addresses: [...new Set(stdout.match(/198\.51\.100\.\d+/g))], queries: asked(lab.timeline.events.slice(from)), stdout: stdout.trim() };
  };

  test('truncated with one of two records: glibc and c-ares do not take it, and ask over TCP', async () => {
    const truncated = await lab.apply('dns-truncate', 'dns', { records: 1 });
    for (const argv of [glibc, cares]) {
      const { addresses, queries } = await lookUp(argv);
      expect(queries).toEqual(['A', 'A over TCP']);
      expect(addresses).toHaveLength(2);
    }
    await truncated.heal();
    expect(lab.doubts).toEqual([]);
  });

  test('the switch `dns truncate` does the same, and `heal` of the impairment ends it', async () => {
    await lab.dns.impair({ type: 'A', truncate: 1 });
    expect((await lookUp(cares)).queries).toEqual(['A', 'A over TCP']);
    await lab.dns.impair({ truncate: null });
    expect((await lookUp(cares)).queries).toEqual(['A']);
  });

  test('a lame answer: glibc asks again, c-ares does not; with one of the flags both take it as it is', async () => {
    const nodata = await lab.apply('dns-nodata', 'dns', { type: 'A' });
    const healthy = [await lookUp(glibc), await lookUp(cares)].map(({ queries }) => queries);
    expect(healthy).toEqual([['A'], ['A']]);
    await lab.dns.aa(false);
    expect((await lookUp(glibc)).queries).toEqual(['A']);
    await lab.dns.ra(false);
    expect((await lookUp(glibc)).queries).toEqual(['A', 'A']);
    expect(await lookUp(cares)).toMatchObject({ queries: ['A'], stdout: 'ENODATA' });
    await lab.dns.aa(true);
    expect((await lookUp(glibc)).queries).toEqual(['A']);
    await lab.dns.ra(true);
    await nodata.heal();
    expect(lab.doubts).toEqual([]);
  });
});

describeWith(['netns', 'go'], "Go's own resolver", () => {
  test('asks again for AAAA after a lame answer, and uses the A answer', { timeout: 120_000 }, async () => {
    const scenario = defineScenario({
      title: '', teaches: '', predict: '', explains: '', sources: [], reproduces: [],
      run: async ({ client: { get }, apply }) => {
        const flags = await apply('dns-flags', 'dns');
        await get();
        await flags.heal();
      },
      checks: () => [],
      limitMs: 60_000,
    });
    const { journal, events } = await runScenario({ name: 'test', scenario, driver: netns, client: 'go', clientOptions: {}, seed: '1', signal: new AbortController().signal });
    expect(journal).toMatchObject({ status: 'completed', doubts: [], findings: { requests: { ok: 1 } } });
    expect(asked(events)).toEqual(['A', 'AAAA', 'AAAA']);
  });
});
