import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { http2Check, http2Connections, ifHttp2, resultsText } from './h2-common.ts';

const together = 4;
const limit = 2;
/** Long enough to tell two rounds from one on a busy machine. */
const delayMs = 300;

export const h2MaxStreams = defineScenario({
  title: `a server takes ${limit} requests at a time on a connection, and the client has ${together}: do the others wait, or go elsewhere?`,
  teaches: 'The limit of streams is a queue in the client. With one connection for each server, a slow request can hold back fast ones.',
  predict: `The server lets ${limit} requests run on a connection, and answers after ${delayMs} ms. The client makes ${together} at once. When is the last one answered? Over how many connections?`,
  explains:
    'SETTINGS_MAX_CONCURRENT_STREAMS is the number of requests that may be under way on a connection. A client with more has two ways: it waits, so the last ' +
    'answer comes after two rounds, or it opens another connection, which also spreads the load. A client that learns of the limit too late has its streams ' +
    'refused, and may send them again. Go does both: it fills its connection, and then opens another. undici makes a pool: it opens a connection for each request that is under way, as over HTTP/1.1. ' +
    'Servers announce 100 to 250 by default, so this shows under load only: as latency, with every server idle.',
  sources: ['RFC 9113 section 5.1.2 (stream concurrency)', 'RFC 9113 section 6.5.2 (SETTINGS_MAX_CONCURRENT_STREAMS)', 'golang.org/x/net/http2: Transport.StrictMaxConcurrentStreams'],
  http2: true,
  run: async ({ dns, client, apply, behave }) => {
    await dns.chain(['sort', 'selectFirst 1']);
    await apply('h2-max-streams', 'backend-1', { streams: limit });
    // The client knows the limit from here on.
    const warm = await client.get();
    await behave('backend-1', { delayMs });
    const results = await Promise.all(Array.from({ length: together }, () => client.get()));
    return { warm, results };
  },
  checks: (result) => {
    const { events, topology, data: { warm, results } } = result;
    /** The most requests that a connection had under way at once, by the log of the backend. */
    const under = new Map<number, number>();
    let most = 0;
    for (const event of events) {
      if ((event.event !== 'backend:request' && event.event !== 'backend:response') || event.from !== topology.hosts.client.ipv4) continue;
      const now = (under.get(event.connection) ?? 0) + (event.event === 'backend:request' ? 1 : -1);
      under.set(event.connection, now);
      most = Math.max(most, now);
    }
    return [
      http2Check(result),
      check('every request was answered', warm.ok && results.every(({ ok }) => ok), resultsText([warm, ...results])),
      ifHttp2(result, check(`no connection had more than ${limit} requests under way`, most <= limit, `${most}`)),
    ];
  },
  contract: (result) => {
    const asked = result.events.filter((event) => event.event === 'client:request' && event.request > 1);
    const answered = result.events.filter((event) => event.event === 'client:response' && event.request > 1);
    const lastMs = (answered.at(-1)?.tMs ?? NaN) - (asked[0]?.tMs ?? NaN);
    const connections = http2Connections(result).length;
    if (result.client.transport === 'fetch') return [check('fetch opened a connection for each request that was under way', connections === together, `${connections} connections`)];
    return [
      check('node:http2 waited: one connection for all requests', connections === 1, `${connections} connections`),
      check('so the last answer came after two rounds', lastMs >= 2 * delayMs - 2, `${lastMs.toFixed(0)} ms`),
    ];
  },
});
