import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, requestTolerance, tookMs } from './common.ts';

const timeoutMs = 500;

export const backendHangs = defineScenario({
  title: 'a backend process hangs, but its kernel still accepts connections: does the client go elsewhere?',
  teaches: 'A hanging server still accepts connections. No attempt fails, so no failover happens. Only the caller’s own time limit ends the request.',
  predict:
    `The caller gives each request ${timeoutMs} ms. The two other backends are healthy, and one ` +
    'of them is in the DNS answer. Will a new connection reach it?',
  explains:
    'A stopped process (SIGSTOP) accepts nothing, but its kernel completes the handshake and queues the connection. For Happy Eyeballs this is a ' +
    'success: connecting took no time, so the client never tries the second address. The request then waits for an answer that does not come. ' +
    'The caller’s limit ends the request and its connection, and the next request connects to the same first address again. (fetch even connects ' +
    'once more by itself: the aborted request is still in undici’s queue when the connection closes, so undici connects for it, and only then ' +
    'finds that it was aborted.) The backend answers again only when its process continues.',
  sources: ['listen(2) (the queue of completed connections)', 'RFC 8305 section 5 (the race ends with the first established connection)', 'signal(7) (SIGSTOP)', 'undici lib/dispatcher/client-h1.js, onHttpSocketClose'],
  reproduces: ['S8'],
  client: { timeoutMs },
  run: async ({ client, dns, apply }) => {
    // Zone order: the hanging backend comes first in each answer, a healthy one second.
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    const hang = await apply('pause', 'backend-1');
    const onKept = await client.get();
    const onNew = await client.get();
    await hang.heal();
    const after = await client.get();
    return { before, onKept, onNew, after };
  },
  checks: ({ topology, data: { before, onKept, onNew, after } }) => [
    check('backend-1 answered before it hung', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
    check('backend-1 did not answer while it hung', [onKept, onNew].every((result) => answererOf(topology, result) !== 'backend-1'), [onKept, onNew].map((result) => answererOf(topology, result)).join(' ')),
    check('a request was answered after the heal', after.ok, answererOf(topology, after)),
  ],
  contract: ({ topology, events, client, findings: { attempts }, data: { onKept, onNew, after } }) => {
    const { ipv4 } = topology.hosts['backend-1'];
    const used = (request: number): string =>
      events
        .filter((event) => event.event === 'client:connection' && event.request === request)
        .map((event) => (event.event === 'client:connection' ? `${event.reused ? 'reused' : 'new'} ${event.address}` : ''))
        .join(', ');
    const errors = [onKept, onNew].map((result) => (result.ok ? 'answered' : result.error));
    // undici connects once more for a request that was aborted.
    const opened = [...new Set(attempts.filter(({ request }) => request === 3).map(({ address, outcome }) => `${address} ${outcome}`))].join(', ');
    const dialled = [...new Set(attempts.map(({ address }) => address))].join(' ');
    return [
      check('the second request used the kept-alive connection', used(2) === `reused ${ipv4}`, used(2)),
      // Over TLS the handshake is not answered, so the request never gets its connection. The attempt shows it all the same.
      check('the third request opened a new connection to the same backend', opened === `${ipv4} connected`, opened),
      check('the client never tried another address', dialled === ipv4, dialled),
      check('both requests ended with TimeoutError', errors.every((error) => error === 'TimeoutError'), errors.join(' ')),
      ...[2, 3].map((request) => checkDelay(`request ${request} ended at the caller’s limit`, tookMs(events, request), client.timeoutMs ?? timeoutMs, requestTolerance)),
      check('backend-1 answered after the heal', answererOf(topology, after) === 'backend-1', answererOf(topology, after)),
    ];
  },
});
