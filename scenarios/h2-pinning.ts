import { check, checkUnless } from '../lab/analysis/checks.ts';
import { countBy } from '../lab/analysis/count-by.ts';
import type { StageClient } from '../lab/clients/stage-client.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { urlOf, webName } from '../lab/vocabulary/topology.ts';
import { arrivals, handshakes, http2Check } from './h2-common.ts';

const together = 10;
/** So long does a backend work on a request, so that all of them are under way at once. */
const delayMs = 150;
const clientCount = 4;
const pinnedRequests = 2;
/** With GOAWAY after each second request, a client opens half as many connections. */
const curedRequests = 8;
const paths = { together: '/?together', pinned: '/?pinned', cured: '/?cured' } as const;

export const h2Pinning = defineScenario({
  title: `${together} requests at once, and clients that never let go: how is the load spread over HTTP/2?`,
  teaches: 'Load balancing by DNS chooses a backend for each connection. Over HTTP/2 a client needs one connection, and keeps it: all its requests go to one backend, until the server ends the connection.',
  predict:
    `DNS sends all three addresses, shuffled. One client makes ${together} requests at once: how many connections, how many backends? Then the backends restart one after the other, under ` +
    `${clientCount} clients: which backend gets no request afterwards? What changes if each server ends its connections with GOAWAY from time to time?`,
  explains:
    'Over HTTP/1.1, requests at once need connections of their own, and each new connection may go to another backend. Over HTTP/2 they share one. So the load of a client is ' +
    'pinned to the backend that it met first. A restart moves its clients to the others, and nothing moves them back: the backend that was restarted last stays idle, as ' +
    'with kept connections of HTTP/1.1, but now with the whole load of a client on each connection. DNS cannot help, since nobody asks it. The cure is on the server: it ends ' +
    'a connection in order after some time or some requests (GOAWAY in two phases; max_connection_age of gRPC, max_connection_duration of Envoy, keepalive_requests of nginx), ' +
    'so that clients dial again, and are spread again. Or a proxy spreads requests and not connections.',
  sources: ['kubernetes/kubernetes#38456', 'grpc/grpc-java#2395 (max connection age)', 'RFC 9113 section 9.1 (connection management)', 'RFC 9113 section 6.8 (GOAWAY)'],
  reproduces: ['S18'],
  http2: true,
  limitMs: 90_000,
  run: async ({ topology, dns, client, startClient, apply, behave, note }) => {
    const url = (path: string): string => urlOf(topology, webName, path);
    await dns.chain(['shuffle']);
    note(`${together} requests at once`);
    for (const backend of topology.backends) await behave(backend, { delayMs });
    await Promise.all(Array.from({ length: together }, () => client.get(url(paths.together))));
    for (const backend of topology.backends) await behave(backend, { delayMs: 0 });
    note('every backend restarts, one after the other');
    const clients = [client, ...(await Promise.all(Array.from({ length: clientCount - 1 }, () => startClient({}))))];
    const each = async (path: string): Promise<void> => { for (const one of clients) await one.get(url(path)); };
    await each('/');
    for (const backend of topology.backends) {
      const stopped = await apply('stop', backend);
      await each('/');
      await stopped.heal();
    }
    for (let request = 0; request < pinnedRequests; request++) await each(paths.pinned);
    note('each server ends its connections with GOAWAY, with every second request');
    const faults = await Promise.all(topology.backends.map((backend) => apply('h2-goaway', backend, { how: 'two-phases' })));
    for (let request = 0; request < curedRequests; request++) await each(paths.cured);
    await Promise.all(faults.map((fault) => fault.heal()));
    await stopAll(clients.slice(1));
  },
  checks: (result) => {
    const last = result.topology.backends.at(-1);
    const pinned = arrivals(result).filter(({ path }) => path === paths.pinned);
    const dialled = newConnections(result, paths.pinned);
    return [
      http2Check(result),
      check('every request of the first part reached a backend', arrivals(result).filter(({ path }) => path === paths.together).length >= together, spreadText(result, paths.together)),
      checkUnless(
        dialled >= pinned.length ? 'the client opened a new connection for each request' : null,
        check(`after the restart, ${last ?? ''}, which was the last one, had no request`, pinned.length > 0 && pinned.every(({ host }) => host !== last), spreadText(result, paths.pinned)),
      ),
    ];
  },
  contract: (result) => {
    const isFetch = result.client.transport === 'fetch';
    const connections = new Set(arrivals(result).filter(({ path }) => path === paths.together).map(({ host, connection }) => `${host} ${connection}`)).size;
    const cured = arrivals(result).filter(({ path }) => path === paths.cured);
    return [
      check(isFetch ? `fetch made its ${together} requests over ${together} connections` : `node:http2 made its ${together} requests over one connection`, connections === (isFetch ? together : 1), `${connections}, ${spreadText(result, paths.together)}`),
      check('with GOAWAY, every backend has requests again', result.topology.backends.every((backend) => cured.some(({ host }) => host === backend)), spreadText(result, paths.cured)),
    ];
  },
});

async function stopAll(clients: readonly StageClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
}

/** `backend-1 5, backend-2 5, backend-3 0`. */
function spreadText(result: Result<unknown>, path: string): string {
  const counts = countBy(arrivals(result).filter((event) => event.path === path).map(({ host }) => host));
  return result.topology.backends.map((backend) => `${backend} ${counts[backend] ?? 0}`).join(', ');
}

/** How many connections the client opened while it made the requests of this path. */
function newConnections(result: Result<unknown>, path: string): number {
  const asked = result.events.filter((event) => event.event === 'client:request' && event.url.endsWith(path));
  const [fromMs, untilMs] = [asked[0]?.tMs ?? Infinity, arrivals(result).findLast((event) => event.path === path)?.tMs ?? -Infinity];
  return handshakes(result).filter(({ tMs }) => tMs >= fromMs && tMs <= untilMs).length;
}
