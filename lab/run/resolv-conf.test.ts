/** Lines of the client's resolv.conf from the command line, in a lab: what a resolver asks with them, and what the journal says. */
import { expect, test } from 'vitest';
import { disagreements } from '../analysis/witnesses.ts';
import { netns } from '../network/drivers/netns.ts';
import { describeWith } from '../testing/testing.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { createTopology, deadNameserver, nameserver, webName, type TopologyChange } from '../vocabulary/topology.ts';
import { startLab, type Lab } from './lab.ts';
import { runScenario } from './run-scenario.ts';
import { defineScenario } from './scenario.ts';
import { Timeline } from './timeline.ts';

const suffixes = ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
const cluster = [`search ${suffixes.join(' ')}`, 'options ndots:5 timeout:1'];
const { client } = createTopology().hosts;
const namesAsked = (events: readonly TimelineEvent[], type: string): string[] =>
  events.flatMap((event) => (event.event === 'dns:query' && event.from === client.ipv4 && event.type === type ? [event.name] : []));

async function run(name: string, resolvConf: string[], topology: TopologyChange = {}) {
  const scenario = defineScenario({
    title: '', teaches: '', predict: '', explains: '', sources: [], reproduces: [], topology,
    run: ({ client: { get } }) => get(),
    checks: () => [],
  });
  return await runScenario({ name: 'test', scenario, driver: netns, client: name, clientOptions: {}, resolvConf, seed: '1', signal: new AbortController().signal });
}

describeWith(['netns', 'curl'], 'the search list of a cluster', () => {
  const inOrder = [...suffixes.map((suffix) => `${webName}.${suffix}`), webName];

  test('curl with glibc asks each suffix once, in order, and then the name as it is; the journal has the lines, and it is one lookup', async () => {
    const { journal, events } = await run('curl', cluster);
    expect([namesAsked(events, 'A'), namesAsked(events, 'AAAA')]).toEqual([inOrder, inOrder]);
    expect(journal).toMatchObject({
      status: 'completed', resolvConf: [nameserver, ...cluster], resolvConfGiven: cluster,
      findings: { requests: { ok: 1 }, dnsQueries: { A: 4, AAAA: 4 }, reResolutions: 0, byRequest: [{ lookups: 1 }] },
    });
  });

  test('our own client does the same, and its trace agrees with the packets', async () => {
    const { journal, events } = await run('node-fetch', cluster);
    expect(namesAsked(events, 'A')).toEqual(inOrder);
    expect(journal.findings).toMatchObject({ requests: { ok: 1 }, reResolutions: 0 });
    expect(disagreements(events, createTopology({ resolvConf: [nameserver, ...cluster] }))).toEqual([]);
  });
});

describeWith('netns', 'a run', () => {
  test('with lines of the scenario: the given lines come after them, and the later timeout counts', async () => {
    const own = [deadNameserver, nameserver, 'options timeout:4'];
    const { journal, events } = await run('node-fetch', ['options timeout:1'], { resolvConf: own });
    expect(journal).toMatchObject({ resolvConf: [...own, 'options timeout:1'], resolvConfGiven: ['options timeout:1'], findings: { requests: { ok: 1 } } });
    const start = events.find(({ event }) => event === 'client:dns-start');
    const asked = events.find((event) => event.event === 'dns:query' && event.from === client.ipv4);
    const waitedMs = (asked?.tMs ?? Infinity) - (start?.tMs ?? 0);
    // The resolver gives up the dead server after 1 s. With the scenario's own line the kernel would end the wait, 3 s after it asked for the neighbour.
    expect(waitedMs).toBeGreaterThan(900);
    expect(waitedMs).toBeLessThan(2_700);
  });

  test('without lines: the file stays as it is, and the journal says so', async () => {
    const { journal } = await run('node-fetch', []);
    expect(journal).toMatchObject({ resolvConf: null, resolvConfGiven: [] });
  });
});

describeWith('netns', 'names outside lab.test', () => {
  const asked = async (lab: Lab, name: string): Promise<{ exitCode: number | null; names: string[] }> => {
    const from = lab.timeline.events.length;
    const { exitCode } = await lab.host('client').run(['getent', 'ahosts', name]);
    await lab.settle();
    lab.timeline.flush();
    return { exitCode, names: namesAsked(lab.timeline.events.slice(from), 'A') };
  };

  test('glibc: a refused name is asked again, a name that does not exist is not; a record is found under any name', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: { resolvConf: [nameserver, 'search cluster.local', 'options ndots:2'] } });
    expect(await asked(lab, 'api.example')).toEqual({ exitCode: 2, names: ['api.example.cluster.local', 'api.example'] });
    const refused = await lab.apply('dns-rcode', 'dns', { rcode: 'REFUSED', name: 'api.example' });
    const { names } = await asked(lab, 'api.example');
    expect(names.filter((name) => name === 'api.example').length).toBeGreaterThan(1);
    await refused.heal();
    await lab.dns.record('add', 'api.example', 'A', '198.51.100.11');
    await lab.dns.record('add', 'db.cluster.local', 'A', '198.51.100.12');
    expect(await asked(lab, 'api.example')).toEqual({ exitCode: 0, names: ['api.example.cluster.local', 'api.example'] });
    expect(await asked(lab, 'db')).toEqual({ exitCode: 0, names: ['db.cluster.local'] });
    expect(lab.doubts).toEqual([]);
  });
});
