/** Who answered is known from the client's trace, the packets and the servers' logs, whatever the client prints. */
import { expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { runWith, speaker } from '../testing/client-runs.ts';
import { describeWith, driverWith } from '../testing/testing.ts';
import type { Stage } from '../run/scenario.ts';

/** The addresses of the answers, and those at which the servers' logs have the client's requests, in the order in which they arrived. */
async function answeredAndLogged(client: string, run: (stage: Stage) => Promise<{ address: string | null }[]>) {
  const { data, journal, events } = await runWith(client, run);
  expect({ error: journal.error, doubts: journal.doubts }).toEqual({ error: null, doubts: [] });
  return {
    answered: data?.map(({ address }) => address),
    logged: events.flatMap((event) => (event.event === 'backend:request' && event.from === '198.51.100.200' ? [event.address] : [])),
    journal,
  };
}

const fourTimes = async ({ client }: Stage) => [await client.get(), await client.get(), await client.get(), await client.get()];

describeWith(['netns', 'curl'], 'the address of an answer', () => {
  test('comes from the servers’ logs, for a client that prints nothing', async () => {
    const { answered, logged, journal } = await answeredAndLogged('curl -s -o /dev/null {url}', fourTimes);
    expect(logged).toHaveLength(4);
    expect(answered).toEqual(logged);
    // The seed gives answers of several backends, so that one address for all would be seen here.
    expect(new Set(logged).size).toBeGreaterThan(1);
    expect(Object.values(journal.findings.perBackend).reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  test('comes from the packets where a server has no log', async () => {
    // backend-1 is gone, so its log cannot be asked, and the packets must tell.
    const { answered, logged } = await answeredAndLogged('curl -s -o /dev/null {url}', async (stage) => {
      await stage.dns.chain(['sort', 'selectFirst 2']);
      await stage.apply('kill', 'backend-1');
      return [await stage.client.get(), await stage.client.get()];
    });
    expect(answered).toEqual(['198.51.100.12', '198.51.100.12']);
    expect(logged).toEqual(answered);
  });

  test('is the one that the client stayed with, if it repeats a request', async () => {
    const twoAddresses = `const [a, b] = ['198.51.100.11', '198.51.100.12'].map((address) => 'http://' + address + ':8080/'); await fetchIt(a); say({ id, ...(await fetchIt(b)), body: '' })`;
    const { answered, logged } = await answeredAndLogged(speaker(twoAddresses), async ({ client }) => [await client.get()]);
    expect(logged).toEqual(['198.51.100.11', '198.51.100.12']);
    expect(answered).toEqual(['198.51.100.12']);
  });

  test('is not what the client prints, if no server answered it', async () => {
    const { answered } = await answeredAndLogged(speaker('say({ id, status: 200, body: `Hello, World from 198.51.100.12` })'), async ({ client }) => [await client.get()]);
    expect(answered).toEqual([null]);
  });

  test('is decided by the body where several requests were under way, and is null where the body says nothing', async () => {
    // It begins when it has all three requests, and reports the three results together, so that all three servers have answered during each request.
    const each = (body: string): string =>
      speaker(`ids.push(id); if (ids.length === 3) { const results = []; for (const id of ids) { const result = await fetchIt('http://198.51.100.1' + id + ':8080/'); results.push({ id, status: 200, body: ${body} }); } results.forEach(say); }`, 'const ids = []; say({ ready: true });');
    const atOnce = ({ client }: Stage) => Promise.all([client.get(), client.get(), client.get()]);
    expect((await answeredAndLogged(each('result.body'), atOnce)).answered).toEqual(['198.51.100.11', '198.51.100.12', '198.51.100.13']);
    expect((await answeredAndLogged(each("''"), atOnce)).answered).toEqual([null, null, null]);
  });

  test.each([
    ['that makes no request', "sh -c ': {url}'", /^Expected the client `sh -c ': \{url\}'` to be answered by a backend\. It reported request #1 as answered, but no request left its host: .* `bin\/lab exec client COMMAND`\.$/],
    ['whose request fails', 'curl -sS http://nobody.lab.test/ -o {url}', /because the scenario needs to know which one answered\. Request #1 failed: exit status 6: curl: \(6\) Could not resolve host/],
  ])('a scenario that needs to know it ends with a message that names the client, for a client %s', async (_, client, message) => {
    const { journal } = await runWith(client, async (stage) => stage.backendAt((await stage.client.get()).address));
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown', error: expect.stringMatching(message) as string });
  });

  test('waits for the witnesses, however late they tell', async () => {
    // The lines of all processes on the backends and of the capture come 300 ms late.
    const slow = driverWith(netns, (host) => ({
      start: async (argv, options) => {
        const process = await host.start(argv, options);
        const isWitness = argv.some((word) => /services\/(backend|capture)\//.test(word));
        return isWitness ? { ...process, onLine: (listener) => { process.onLine((line) => { setTimeout(listener, 300, line); }); } } : process;
      },
    }));
    const { data, journal } = await runWith('curl -s -o /dev/null {url}', fourTimes, { driver: slow });
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data?.every(({ address }) => /^198\.51\.100\.1[123]$/.test(address ?? ''))).toBe(true);
  });
});
