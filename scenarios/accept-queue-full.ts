import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, attemptsText, nodeAttemptDelayMs, timerTolerance, triedCheck } from './common.ts';

export const acceptQueueFull = defineScenario({
  title: 'the accept queue of a backend is full: what happens to a new connection, and what to a kept-alive one?',
  teaches: 'To a new connection, a full accept queue looks like a broken network. Established connections notice nothing.',
  predict: 'The backend is alive, its port is open, and its kept-alive connections work. Now a new client connects. Is it refused?',
  explains:
    'The kernel completes handshakes for the application until backlog + 1 connections wait to be accepted. After that it drops each SYN ' +
    'silently. It sends no RST, because the queue may have room again when the SYN is repeated (`tcp_abort_on_overflow` would change this). So ' +
    'the new client meets silence and goes on to the next address after its attempt delay, as it would with a dead host. A health check on a ' +
    'kept-alive connection still reports a healthy server.',
  sources: ['listen(2)', 'Linux net/ipv4/tcp_input.c, tcp_conn_request (sk_acceptq_is_full)', 'ip-sysctl (tcp_abort_on_overflow)'],
  reproduces: ['S7', 'S17'],
  // A client without an attempt delay only repeats its SYN. This limit ends its wait.
  client: { timeoutMs: 3_000 },
  run: async ({ client, dns, apply, startClient, note }) => {
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    const full = await apply('accept-queue-full', 'backend-1', { family: 4 });
    const kept = await client.get();
    note('a new client');
    const newcomer = await (await startClient({})).get();
    await full.heal();
    const after = await (await startClient({})).get();
    return { before, kept, newcomer, after };
  },
  checks: ({ topology, findings, events, data: { before, newcomer, after } }) => {
    const start = events.find(({ event }) => event === 'fault:verified')?.tMs ?? Infinity;
    const end = events.find(({ event }) => event === 'fault:heal')?.tMs ?? -Infinity;
    const answers = events.filter((event) => (event.event === 'wire:syn-ack' || event.event === 'wire:rst') && event.address === topology.hosts['backend-1'].ipv4 && event.tMs > start && event.tMs < end);
    return [
      triedCheck(findings),
      check('backend-1 answered before its accept queue was full', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
      check('no SYN to backend-1 got a SYN-ACK or a RST while its accept queue was full', answers.length === 0, `${answers.length} SYN-ACK and RST`),
      check('backend-1 did not answer the new client', answererOf(topology, newcomer) !== 'backend-1', answererOf(topology, newcomer)),
      check('backend-1 answered another new client after the heal', answererOf(topology, after) === 'backend-1', answererOf(topology, after)),
    ];
  },
  contract: ({ topology, client, findings: { attempts, nextAddressDelayMs }, data: { kept, newcomer } }) => {
    const tried = attempts.slice(1, 3);
    return [
      check('the kept-alive connection to backend-1 still worked', answererOf(topology, kept) === 'backend-1', answererOf(topology, kept)),
      check('the new client gave up backend-1 and was answered by backend-2', tried.map(({ outcome }) => outcome).join(', ') === 'given up, connected' && answererOf(topology, newcomer) === 'backend-2', attemptsText(tried)),
      checkDelay('delay until the next address was tried', nextAddressDelayMs, client.attemptDelayMs ?? nodeAttemptDelayMs, timerTolerance),
    ];
  },
});
