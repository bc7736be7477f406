/** Tests each profile whose program is installed: the lab finds and starts the client, its requests give the expected results, and it makes no others. */
import { describe, expect, test } from 'vitest';
import { check } from '../../lab/analysis/checks.ts';
import { netns } from '../../lab/network/drivers/netns.ts';
import { runScenario } from '../../lab/run/run-scenario.ts';
import { defineScenario } from '../../lab/run/scenario.ts';
import { describeWith, type Need } from '../../lab/testing/testing.ts';
import { httpPort, webName } from '../../lab/vocabulary/topology.ts';
import type { ProfileName } from './index.ts';

interface Expected {
  needs: readonly Need[];
  /** How many connections three GETs in a row use. The documentation of each library says whether it keeps connections. */
  connections: 1 | 3;
  /** How many more connections the client opens and may use. */
  spare?: 1;
  /** The error that the caller gets for a closed port. */
  refused: RegExp;
  /** False if the client does not report the status of a response. */
  tellsStatus?: false;
}

const expected: Record<ProfileName, Expected> = {
  'node-18-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/ },
  // The global agent keeps connections by default only since Node 19.
  'node-18-http': { needs: ['other-nodes'], connections: 3, refused: /^ECONNREFUSED$/ },
  'node-20-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/ },
  'node-20-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/ },
  'node-22-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/ },
  'node-22-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/ },
  'node-26-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/ },
  'node-26-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/ },
  curl: { needs: ['curl'], connections: 3, refused: /^exit status 7: curl: \(7\) / },
  wget: { needs: ['wget'], connections: 3, refused: /^exit status 4: .*Connection refused/, tellsStatus: false },
  'python-urllib': { needs: ['python'], connections: 3, refused: /^ECONNREFUSED$/ },
  'python-requests': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/ },
  'python-httpx': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/ },
  'python-aiohttp': { needs: ['python'], connections: 1, refused: /^(ECONNREFUSED|ClientConnectorError|OSError)$/ },
  go: { needs: ['go'], connections: 1, refused: /^ECONNREFUSED$/ },
  'go-cgo': { needs: ['go', 'gcc'], connections: 1, refused: /^ECONNREFUSED$/ },
  java: { needs: ['java'], connections: 1, refused: /ConnectException|ClosedChannelException/ },
  musl: { needs: ['musl'], connections: 1, refused: /^ECONNREFUSED$/ },
  ruby: { needs: ['ruby'], connections: 1, refused: /^ECONNREFUSED$/ },
  php: { needs: ['php'], connections: 1, refused: /connect to server/ },
  'perl-lwp': { needs: ['perl'], connections: 1, refused: /Connection refused/ },
  // A browser opens one connection more than it needs, and the next request may use either of the two.
  chromium: { needs: ['chromium'], connections: 1, spare: 1, refused: /^ERR_CONNECTION_REFUSED$/ },
};

describe.each(Object.entries(expected))('%s', (client, { needs, connections, spare = 0, refused, tellsStatus = true }) => {
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
      expect(failed).toMatchObject({ ok: false, error: expect.stringMatching(refused) as string });
      const postsMs = events.find(({ event }) => event === 'lab:note')?.tMs ?? 0;
      const requests = events.flatMap((event) => (event.event === 'backend:request' && event.tMs > 0 && event.from === '198.51.100.200' && event.path === '/' ? [event] : []));
      expect(requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'POST']);
      expect(new Set(requests.filter(({ tMs }) => tMs < postsMs).map(({ host, connection }) => `${host} ${connection}`)).size - connections).toBeOneOf([0, spare]);
      expect([...new Set(events.flatMap((event) => (event.event === 'dns:query' && event.from === '198.51.100.200' ? [event.name] : [])))]).toEqual([webName]);
    });
  });
});
