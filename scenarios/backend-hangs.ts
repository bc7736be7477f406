import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, requestTolerance, tookMs } from './common.ts';

const timeoutMs = 500;

export const backendHangs = defineScenario({
  title: 'the server process hangs, its kernel does not: does the client go elsewhere?',
  teaches: 'A hanging server still accepts connections. No attempt fails, so no failover happens: only the caller’s own time limit ends it.',
  predict: `The caller gives each request ${timeoutMs} ms. Two other servers are healthy and one of them is in the answer. Will a new connection find it?`,
  explains:
    'A stopped process (SIGSTOP) accepts nothing, but its kernel completes the handshake and queues the connection. To Happy Eyeballs that is ' +
    'success: connecting took no time, so the second address is never tried, and the request then waits for an answer that does not come. ' +
    'The caller’s limit ends it and its connection, and the next request dials the same first address and connects again. (fetch even dials ' +
    'once more by itself: undici still has the aborted request in its queue when the connection closes, connects for it, and only then finds it ' +
    'aborted.) The server gets better only when its process goes on.',
  sources: ['listen(2) (the queue of completed connections)', 'RFC 8305 section 5 (the race ends with the first established connection)', 'signal(7) (SIGSTOP)', 'undici lib/dispatcher/client-h1.js, onHttpSocketClose'],
  reproduces: ['S8'],
  client: { timeoutMs },
  run: async ({ client, dns, apply }) => {
    // Zone order: the hanging server comes first in each answer, a healthy one second.
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
    check('and not while it did', [onKept, onNew].every((result) => answererOf(topology, result) !== 'backend-1'), [onKept, onNew].map((result) => answererOf(topology, result)).join(' ')),
    check('a request was answered after the healing', after.ok, answererOf(topology, after)),
  ],
  contract: ({ topology, events, client, findings: { attempts }, data: { onKept, onNew, after } }) => {
    const { ipv4 } = topology.hosts['backend-1'];
    const used = (request: number): string =>
      events
        .filter((event) => event.event === 'client:connection' && event.request === request)
        .map((event) => (event.event === 'client:connection' ? `${event.reused ? 'reused' : 'new'} ${event.address}` : ''))
        .join(', ');
    const errors = [onKept, onNew].map((result) => (result.ok ? 'answered' : result.error));
    const dialled = [...new Set(attempts.map(({ address }) => address))].join(' ');
    return [
      check('the second request went out on the kept connection', used(2) === `reused ${ipv4}`, used(2)),
      check('the third on a new one, to the same server', used(3) === `new ${ipv4}`, used(3)),
      check('no other address was ever dialled', dialled === ipv4, dialled),
      check('both ended with a time-out', errors.every((error) => error === 'TimeoutError'), errors.join(' ')),
      ...[2, 3].map((request) => checkDelay(`request ${request} ended by the caller's limit`, tookMs(events, request), client.timeoutMs ?? timeoutMs, requestTolerance)),
      check('after the healing backend-1 answered', answererOf(topology, after) === 'backend-1', answererOf(topology, after)),
    ];
  },
});
