import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, attemptsText, nodeAttemptDelayMs, timerTolerance, triedCheck } from './common.ts';

export const acceptQueueFull = defineScenario({
  title: 'the server accepts no more and its queue is full: what does a new client meet, and an old one?',
  teaches: 'A full accept queue looks like a broken network to new connections, and like nothing at all to those that are there.',
  predict: 'The server is alive, its port is open, its kept connections work. A newcomer connects. Is it refused?',
  explains:
    'The kernel completes handshakes for the application until backlog + 1 connections wait to be accepted; then it drops each SYN without ' +
    'a word. No RST: the queue may have room again when the SYN is repeated (that is what `tcp_abort_on_overflow` would change). So the ' +
    'newcomer meets silence and moves on after its attempt delay, as it would with a dead host, while a health check on a kept connection ' +
    'reports a healthy server.',
  sources: ['listen(2)', 'Linux net/ipv4/tcp_input.c, tcp_conn_request (sk_acceptq_is_full)', 'ip-sysctl (tcp_abort_on_overflow)'],
  reproduces: ['S7', 'S17'],
  // Clients without an attempt delay wait for the SYN's next retransmissions.
  client: { timeoutMs: 3_000 },
  run: async ({ client, dns, apply, startClient, note }) => {
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    const full = await apply('accept-queue-full', 'backend-1', { family: 4 });
    const kept = await client.get();
    note('a newcomer');
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
      check('backend-1 answered before', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
      check('no SYN to it was answered or refused while its queue was full', answers.length === 0, `${answers.length} SYN-ACK and RST`),
      check('it did not answer the newcomer', answererOf(topology, newcomer) !== 'backend-1', answererOf(topology, newcomer)),
      check('it answered a newcomer when there was room again', answererOf(topology, after) === 'backend-1', answererOf(topology, after)),
    ];
  },
  contract: ({ topology, client, findings: { attempts, nextAddressDelayMs }, data: { kept, newcomer } }) => {
    const tried = attempts.slice(1, 3);
    return [
      check('the kept connection went on working', answererOf(topology, kept) === 'backend-1', answererOf(topology, kept)),
      check('the newcomer gave backend-1 up and was answered by backend-2', tried.map(({ outcome }) => outcome).join(', ') === 'given up, connected' && answererOf(topology, newcomer) === 'backend-2', attemptsText(tried)),
      checkDelay('after', nextAddressDelayMs, client.attemptDelayMs ?? nodeAttemptDelayMs, timerTolerance),
    ];
  },
});
