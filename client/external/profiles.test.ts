/** Tests each profile whose program is installed: the lab finds and starts the client, its requests give the expected results, and it makes no others. */
import { describe, expect, test } from 'vitest';
import { check } from '../../lab/analysis/checks.ts';
import { netns } from '../../lab/network/drivers/netns.ts';
import { runScenario } from '../../lab/run/run-scenario.ts';
import { defineScenario } from '../../lab/run/scenario.ts';
import { expectedOfClients } from '../../lab/testing/expected-clients.ts';
import { describeWith } from '../../lab/testing/testing.ts';
import { webNameOf } from '../../lab/vocabulary/https-record.ts';
import { httpPort, webName } from '../../lab/vocabulary/topology.ts';

describe.each(Object.entries(expectedOfClients))('%s', (client, { needs, connections, spare = 0, refused, tellsStatus = true }) => {
  describeWith(['netns', ...needs], 'in a lab', () => {
    test('makes GET and POST requests, keeps connections as expected, reports a refused connection, and queries DNS for no other name', { timeout: 60_000 }, async () => {
      const scenario = defineScenario({
        title: '', teaches: '', predict: '', explains: '', sources: [],
        run: async ({ client: it, note }) => {
          const got = [await it.get(), await it.get(), await it.get()];
          note('posts');
          return { got, posted: await it.request('POST'), failed: await it.get(`http://${webName}:${httpPort + 1}/`) };
        },
        checks: ({ data }) => [check(JSON.stringify(data), true, '')],
      });
      const { journal, events } = await runScenario({ name: 'test', scenario, driver: netns, client, clientOptions: {}, seed: '1', signal: new AbortController().signal });
      expect({ status: journal.status, error: journal.error, doubts: journal.doubts }).toEqual({ status: 'completed', error: null, doubts: [] });
      expect(journal.platform.clientVersion).toMatch(/^(Python )?\d+\.\d+/);
      const { got, posted, failed } = JSON.parse(journal.checks[0]?.text ?? '') as Record<'got' | 'posted' | 'failed', unknown>;
      const answered = { ok: true, status: tellsStatus ? 200 : null, body: expect.stringMatching(/^Hello, World from 198\.51\.100\.1[123]\n?$/) as string };
      expect([got, posted]).toMatchObject([[answered, answered, answered], answered]);
      expect(failed).toMatchObject(typeof refused === 'number' ? { ok: true, status: refused } : { ok: false, error: expect.stringMatching(refused) as string });
      const postsMs = events.find(({ event }) => event === 'lab:note')?.tMs ?? 0;
      const requests = events.flatMap((event) => (event.event === 'backend:request' && event.tMs > 0 && event.from === '198.51.100.200' && event.path === '/' ? [event] : []));
      expect(requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'POST']);
      expect(new Set(requests.filter(({ tMs }) => tMs < postsMs).map(({ host, connection }) => `${host} ${connection}`)).size - connections).toBeOneOf([0, 1, 2].slice(0, spare + 1));
      expect([...new Set(events.flatMap((event) => (event.event === 'dns:query' && event.from === '198.51.100.200' ? [webNameOf(event.name)] : [])))]).toEqual([webName]);
    });
  });
});
