/**
 * Runs a scenario with requests in flight that nobody awaits, and cuts it short: `interrupt` aborts the run, `crash` kills the client. Prints the
 * journal's status and error, and what was kept. A test checks that this process ends by itself and writes nothing to stderr.
 */
import type { HostProcess } from '../network/drivers/driver.ts';
import { netns } from '../network/drivers/netns.ts';
import { driverWith } from '../testing/testing.ts';
import { runScenario } from './run-scenario.ts';
import { defineScenario } from './scenario.ts';

const controller = new AbortController();
let client: HostProcess | undefined;
const driver = driverWith(netns, (host) => (host.name === 'client' ? { start: async (argv, options) => {
  const started = await host.start(argv, options);
  if (argv.some((word) => word.includes('client/main.'))) client = started;
  return started;
} } : {}));

const scenario = defineScenario({
  title: '', teaches: '', predict: '', explains: '', sources: [],
  limitMs: 900_000,
  run: async ({ topology, client: { get, request }, behave, until }) => {
    for (const backend of topology.backends) await behave(backend, { delayMs: 600_000 });
    const unawaited = [request('PUT'), Promise.all([get(), get()]), get().then(() => 'answered')];
    // The client has told of all four, and one of them has arrived.
    await until((event) => event.event === 'client:request' && event.request === 4, 10_000);
    await until((event) => event.event === 'backend:request' && event.from === topology.hosts.client.ipv4, 10_000);
    if (process.argv[2] === 'interrupt') controller.abort('SIGTERM');
    else await client?.signal('SIGKILL');
    await until(() => false, 600_000);
    await Promise.all(unawaited);
  },
  checks: () => [],
});

const { journal, events, capture } = await runScenario({ name: 'in-flight', scenario, driver, client: 'node-fetch', clientOptions: {}, seed: '1', signal: controller.signal });
console.log(JSON.stringify({ status: journal.status, error: journal.error, requests: events.filter(({ event }) => event === 'client:request').length, hasCapture: capture !== null }));
