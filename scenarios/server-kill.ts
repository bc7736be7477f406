import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';
import { arrivals, inFlightChecks, killInFlight } from './in-flight-common.ts';

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
  run: (stage) => killInFlight(stage, 'GET'),
  checks: (result) => inFlightChecks(result, 'GET'),
  contract: ({ topology, events, client, data: { lost, next } }) => {
    const expected = client.transport === 'fetch' ? 'UND_ERR_SOCKET' : 'ECONNRESET';
    const reached = arrivals(events, topology.hosts.client.ipv4).map(({ host }) => host);
    return [
      check(`the lost request came back as ${expected}`, !lost.ok && lost.error === expected, lost.ok ? 'answered' : lost.error),
      check('no request was sent again: each one reached one backend, once', reached.length === 3, reached.join(' ')),
      check('the next request was answered by backend-2', answererOf(topology, next) === 'backend-2', answererOf(topology, next)),
    ];
  },
});
