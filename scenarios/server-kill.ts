import { check } from '../lab/analysis/checks.ts';
import { LabError } from '../lab/vocabulary/errors.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario, type Stage } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';

export const serverKill = defineScenario({
  title: 'a backend is killed while it works on a request: does the caller get an error, or is the request sent again?',
  teaches: 'A request that is lost half way comes back as an error. Failover helps the next request. It does not help this one.',
  predict: 'The request has reached the backend, and it is a GET. Does the client send it again to another backend by itself?',
  explains:
    'SIGKILL closes the connection without an answer. The client cannot know how much of the request was carried out. HTTP allows it to repeat ' +
    'an idempotent method by itself. But neither of Node’s clients does so once the request has been sent: the caller gets the error (fetch: ' +
    'UND_ERR_SOCKET "other side closed", node:http: ECONNRESET "socket hang up") and has to decide. The request after that opens a new ' +
    'connection, and the refused address costs it nothing.',
  sources: ['RFC 9110 section 9.2.2 (idempotent methods may be repeated)', 'RFC 9112 section 9.3.1 (retrying requests)', 'undici lib/dispatcher/client-h1.js, onHttpSocketClose; Node lib/_http_client.js, socketCloseListener'],
  reproduces: ['S5', 'S17'],
  run: async (stage) => {
    const { client, dns, apply } = stage;
    // Zone order: the scenario then knows which backend to kill, and the dead backend comes first in the next answer.
    await dns.chain(['sort', 'selectFirst 2']);
    await client.get();
    // The slow response leaves time for the kill. When the log of the backend shows the request, the request is in flight.
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
      check('backend-1 answered only the first request', answers.length === 1, `${answers.length} answered`),
      check('backend-1 answered nothing after it was killed', answererOf(topology, next) !== 'backend-1', answererOf(topology, next)),
    ];
  },
  contract: ({ topology, events, client, data: { lost, next } }) => {
    const expected = client.transport === 'fetch' ? 'UND_ERR_SOCKET' : 'ECONNRESET';
    const arrivals = events.filter(isRequestOf(topology.hosts.client.ipv4)).map(({ host }) => host);
    return [
      check(`the lost request came back as ${expected}`, !lost.ok && lost.error === expected, lost.ok ? 'answered' : lost.error),
      check('no request was sent again: each one reached one backend, once', arrivals.length === 3, arrivals.join(' ')),
      check('the next request was answered by backend-2', answererOf(topology, next) === 'backend-2', answererOf(topology, next)),
    ];
  },
});

/** Only requests of `/` count: a browser also asks for /favicon.ico, which is not found. */
const isRequestOf = (from: string) => (event: TimelineEvent) => event.event === 'backend:request' && event.from === from && event.path === '/';

/** Waits until the second request has reached a backend. @throws {LabError} TIME_LIMIT when it does not arrive within 5 s. */
async function untilSecondArrived({ until, topology }: Stage): Promise<void> {
  const isRequest = isRequestOf(topology.hosts.client.ipv4);
  let arrived = 0;
  if (!(await until((event) => isRequest(event) && ++arrived === 2, 5_000))) {
    throw new LabError('TIME_LIMIT', 'The client’s second request did not reach a backend within 5 s, so there is no request to interrupt. Look at the timeline: did the client send it?');
  }
}
