import { check } from '../lab/analysis/checks.ts';
import { LabError } from '../lab/vocabulary/errors.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario, type Stage } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';

export const serverKill = defineScenario({
  title: 'the server is killed while it works on a request: who is told, and is it tried again?',
  teaches: 'A request that is lost half way comes back as an error. Failover is for the next request, not for this one.',
  predict: 'The request had reached the server. Does the client send it again to another server by itself? It was a GET.',
  explains:
    'SIGKILL closes the connection without an answer. The client cannot know how much of the request was carried out. HTTP lets it repeat an ' +
    'idempotent method by itself, but neither of Node’s clients does so once the request has been sent: the caller gets the error (fetch: ' +
    'UND_ERR_SOCKET "other side closed", node:http: ECONNRESET "socket hang up") and has to decide. The request after that dials anew, and ' +
    'the refused address costs it nothing.',
  sources: ['RFC 9110 section 9.2.2 (idempotent methods may be repeated)', 'RFC 9112 section 9.3.1 (retrying requests)', 'undici lib/dispatcher/client-h1.js, onHttpSocketClose; Node lib/_http_client.js, socketCloseListener'],
  reproduces: ['S5', 'S17'],
  run: async (stage) => {
    const { client, dns, apply } = stage;
    // Zone order, so that it is known whom to kill and the dead server comes first again.
    await dns.chain(['sort', 'selectFirst 2']);
    await client.get();
    // Time to be killed in. The request is on its way to its answer when the backend's own log shows it.
    await apply('slow-response', 'backend-1', { delayMs: 1000 });
    const inFlight = client.get();
    await untilSecondArrived(stage);
    await apply('kill', 'backend-1');
    const lost = await inFlight;
    const next = await client.get();
    return { lost, next };
  },
  checks: ({ topology, events, data: { next } }) => {
    const cut = events.filter(isRequestOf(topology.hosts.client.ipv4)).at(1);
    const answers = events.filter((event) => event.event === 'backend:response' && event.host === 'backend-1' && event.from === topology.hosts.client.ipv4 && event.status === 200);
    return [
      check('the second request had reached backend-1', cut?.host === 'backend-1', cut ? `seen by ${cut.host}` : 'not seen'),
      check('backend-1 answered only the first', answers.length === 1, `${answers.length} answered`),
      check('backend-1 answered nothing after it was killed', answererOf(topology, next) !== 'backend-1', answererOf(topology, next)),
    ];
  },
  contract: ({ topology, events, client, data: { lost, next } }) => {
    const expected = client.transport === 'fetch' ? 'UND_ERR_SOCKET' : 'ECONNRESET';
    const arrivals = events.filter(isRequestOf(topology.hosts.client.ipv4)).map(({ host }) => host);
    return [
      check(`the lost request came back as ${expected}`, !lost.ok && lost.error === expected, lost.ok ? 'answered' : lost.error),
      check('it was not sent again: each request reached one backend, once', arrivals.length === 3, arrivals.join(' ')),
      check('the next request was answered by backend-2', answererOf(topology, next) === 'backend-2', answererOf(topology, next)),
    ];
  },
});

/** A browser asks for /favicon.ico besides, which is not found. */
const isRequestOf = (from: string) => (event: TimelineEvent) => event.event === 'backend:request' && event.from === from && event.path === '/';

/** @throws {LabError} TIME_LIMIT when the second request does not reach a backend. */
async function untilSecondArrived({ until, topology }: Stage): Promise<void> {
  const isRequest = isRequestOf(topology.hosts.client.ipv4);
  let arrived = 0;
  if (!(await until((event) => isRequest(event) && ++arrived === 2, 5_000))) {
    throw new LabError('TIME_LIMIT', 'The second request did not reach any backend.');
  }
}
