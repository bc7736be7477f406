/**
 * The causes of skew that `lab skew` runs side by side, each with every resolver. To add one, add an entry: what differs from the usual lab, and which
 * shares are expected. What explains the shares is read from the run's events alone (lab/skew/mechanism/), and knows nothing of this table.
 */
import type { StageClient } from '../../lab/clients/stage-client.ts';
import type { Stage } from '../../lab/run/scenario.ts';
import type { ResolverName } from '../../lab/vocabulary/resolvers.ts';
import { urlOf, webName, type BackendName } from '../../lab/vocabulary/topology.ts';
import { measured, type Cause, type ClosedForm } from './cause.ts';

/** Enough clients to tell 5/8, 3/8 and nothing from equal shares. */
const restartedClients = 15;
const startedClients = 6;
/** The requests that each client makes on its kept connection at the end. */
const keptRequests = 4;
const fewConnections = 12;

const turned: ClosedForm = { shares: [1 / 2, 1 / 2, 0], because: '1/2, 1/2, 0: one answer for all, and the cache changes its order', inAnyOrder: true };
const notTurned: ClosedForm = { shares: [1, 0, 0], because: '1, 0, 0: one answer for all, in one order', inAnyOrder: true };

export const causes = {
  'shuffle-on': {
    title: 'no cause: DNS sends two of three addresses, shuffled, and the client (198.51.100.200) shares 24 bits with each',
    expects: 'the model',
  },
  'shuffle-off': {
    title: 'DNS does not shuffle: it always sends the same two addresses, in the same order',
    dns: { chain: ['selectFirst 2'] },
    expects: 'the model',
  },
  'subset-before-shuffle': {
    title: 'DNS selects two addresses first, and shuffles these two',
    dns: { chain: ['selectFirst 2', 'shuffle'] },
    expects: 'the model',
  },
  'rule-9': {
    title: 'the client is 198.51.100.9: it shares 30 bits with .11, and 29 with .12 and .13',
    topology: { clientIpv4: '198.51.100.9' },
    expects: 'the model',
  },
  'rule-9-elsewhere': {
    title: 'the client is 198.51.100.14: it shares 29 bits with .11, and 30 with .12 and .13',
    topology: { clientIpv4: '198.51.100.14' },
    expects: 'the model',
  },
  'rule-9-without-ipv6': {
    title: 'the client is 198.51.100.9, and its host has no IPv6 address',
    topology: { clientIpv4: '198.51.100.9', clientIpv6: null },
    expects: 'the model',
  },
  'rule-9-aaaa-unrouted': {
    title: 'the same, and DNS has AAAA records, too, to which the client has no route',
    topology: { clientIpv4: '198.51.100.9', clientIpv6: null },
    dns: { aaaa: true },
    expects: 'the model',
  },
  'rule-9-ipv6': {
    title: 'DNS has AAAA records, and the client is 2001:db8:1::10: it shares 127 bits with ::11, and 126 with ::12 and ::13',
    topology: { clientIpv6: '2001:db8:1::10' },
    dns: { aaaa: true },
    expects: 'the model',
  },
  'ipv6-prefixes': {
    title: 'DNS has AAAA records in three networks: the client shares 64 bits with the first, 47 with the second, 45 with the third',
    topology: { backendIpv6Networks: ['2001:db8:1:', '2001:db8:', '2001:db8:4:'] },
    dns: { aaaa: true },
    expects: 'the model',
  },
  'keep-alive': {
    title: 'one client keeps its connection',
    keepAlive: true,
    expects: { shares: [1, 0, 0], because: 'all on one backend, whichever DNS sent first', inAnyOrder: true },
  },
  'rolling-restart': {
    title: `${restartedClients} clients keep a connection each, and backend-1, -2 and -3 restart in this order`,
    keepAlive: true,
    stimulus: async (stage) => {
      const clients = await startClients(stage, restartedClients);
      await each(clients, (client) => client.get());
      for (const backend of stage.topology.backends) {
        const stopped = await stage.apply('stop', backend);
        // The clients that have lost their connection dial again.
        await each(clients, (client) => client.get());
        await stopped.heal();
      }
      for (let request = 1; request < keptRequests; request++) await each(clients, (client) => client.get());
      await each(clients, (client) => client.get(measuredUrl(stage)));
    },
    expects: { shares: [5 / 8, 3 / 8, 0], because: '5/8, 3/8, 0: each redial goes to one of the other two' },
    unlike: { java: { shares: [1 / 3, 1 / 3, 1 / 3], because: '1/3 each: Java keeps the answer for 30 s and dials its first address alone, so a client fails and then comes back to its backend' } },
  },
  'slow-start': {
    title: `${startedClients} clients keep a connection each, and dial when backend-2 is the first one that is up`,
    keepAlive: true,
    stimulus: async (stage) => {
      const late: BackendName[] = ['backend-1', 'backend-3'];
      const stopped = await Promise.all(late.map((backend) => stage.apply('stop', backend)));
      await each(late, (backend) => stage.dns.record('down', webName, 'A', stage.topology.hosts[backend].ipv4));
      const clients = await startClients(stage, startedClients);
      await each(clients, (client) => client.get());
      await each(stopped, (fault) => fault.heal());
      await each(late, (backend) => stage.dns.record('up', webName, 'A', stage.topology.hosts[backend].ipv4));
      for (let request = 0; request < keptRequests; request++) await each(clients, (client) => client.get(measuredUrl(stage)));
    },
    expects: { shares: [0, 1, 0], because: 'all on the first server that was up' },
  },
  'cache-dnsmasq': cache('dnsmasq', turned, {
    java: { ...notTurned, because: '1, 0, 0: Java without its own cache looks up twice for each connection, and dnsmasq turns two addresses twice: back to the first' },
  }),
  'cache-unbound': cache('unbound', turned),
  'cache-systemd-resolved': cache('systemd-resolved', turned),
  // glibc alone asks nscd.
  'cache-nscd': cache('nscd', notTurned, { 'node-resolve': 'the model', go: 'the model', musl: 'the model' }),
  'few-clients': {
    title: `no cause, but only ${fewConnections} connections`,
    stimulus: (stage) => requestMany(stage, fewConnections),
    expects: 'the model',
  },
} satisfies Record<string, Cause>;

export type CauseName = keyof typeof causes;
export const causeNames = Object.keys(causes) as CauseName[];

/** One cache in front of all lookups, with an answer that outlives the run: two of the three addresses. */
function cache(resolver: ResolverName, expects: ClosedForm, unlike: Cause['unlike'] = {}): Cause {
  const title = `${resolver}, a resolver with a cache, stands between all lookups and DNS, and the TTL is an hour${resolver === 'nscd' ? '. Only glibc asks nscd' : ''}`;
  return { title, topology: { resolver }, dns: { ttlS: 3_600 }, expects, unlike };
}

/** The URL of the requests that count. */
function measuredUrl({ topology }: Pick<Stage, 'topology'>): string {
  return urlOf(topology, webName, measured);
}

/** Makes requests that count, one after the other. */
export async function requestMany({ client, topology }: Pick<Stage, 'client' | 'topology'>, requests: number): Promise<void> {
  for (let made = 0; made < requests; made++) await client.get(measuredUrl({ topology }));
}

/** Starts as many clients, each a process of its own. */
async function startClients(stage: Stage, count: number): Promise<StageClient[]> {
  const clients = [stage.client];
  while (clients.length < count) clients.push(await stage.startClient({ keepAlive: true }));
  return clients;
}

async function each<T>(list: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  for (const one of list) await work(one);
}
