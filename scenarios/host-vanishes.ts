import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';
import { answererOf, attemptsText, nodeAttemptDelayMs, requestTolerance, timerTolerance, tookMs, triedCheck } from './common.ts';

const timeoutMs = 1_000;
/** The kernel sends three solicitations, one second apart (RFC 4861 section 10; arp(7) mcast_solicit and retrans_time). */
const neighbourGoneMs = 3_000;

export const hostVanishes = defineScenario({
  title: 'a host vanishes without FIN or RST: before connecting, and under a live connection',
  teaches:
    'Silence looks like slowness. Before connecting, a timer moves the client on. On a ' +
    'live connection, only the caller’s time limit ends the wait.',
  predict:
    'Two backends are in the answer, and the first has lost its power. How long until the client tries the second? And what happens when the ' +
    'power fails under a kept-alive connection?',
  explains:
    'Nothing answers, not even ARP. While connecting, Node gives an address 250 ms, then aborts the attempt and tries the next address. The last ' +
    'address has no such timer, and neither has an only address. A client host that has never met the vanished host gets EHOSTUNREACH from its ' +
    'kernel after three unanswered ARP requests, 3 s. A client host that still has it in its ARP cache waits far longer. A live connection has ' +
    'no timer at all: the client takes it from the pool, and the kernel repeats the request for some 15 minutes (tcp_retries2). Here the ' +
    'caller’s own limit ends the wait and closes the connection, so the next request opens a new one.',
  sources: ['RFC 8305 section 5 (connection attempt delay)', 'Node net docs: autoSelectFamilyAttemptTimeout', 'arp(7) (mcast_solicit, retrans_time)', 'tcp(7) (tcp_retries2)'],
  reproduces: ['S8'],
  client: { timeoutMs },
  run: async ({ client, dns, apply, startClient, note, topology }) => {
    // Zone order: the vanished backend comes first, so every new connection meets it.
    await dns.chain(['sort', 'selectFirst 2']);
    const first = await apply('vanish', 'backend-1');
    const connecting = await client.get();
    await first.heal();
    await apply('vanish', 'backend-2');
    const kept = await client.get();
    const next = await client.get();
    note('a client without a time limit, a name with one address, a host that the client has never met');
    await apply('vanish', 'backend-3');
    const patient = await startClient({ timeoutMs: null });
    const alone = await patient.get(urlOf(topology, nameOf('backend-3')));
    return { connecting, kept, next, alone };
  },
  checks: ({ topology, findings, data: { connecting, kept, alone } }) => [
    triedCheck(findings),
    check('backend-1 did not answer while it was gone', answererOf(topology, connecting) !== 'backend-1', answererOf(topology, connecting)),
    check('backend-2 did not answer while it was gone', answererOf(topology, kept) !== 'backend-2', answererOf(topology, kept)),
    check('nobody answered while backend-3 was gone', answererOf(topology, alone) === 'nobody', answererOf(topology, alone)),
  ],
  contract: ({ topology, events, client, findings: { attempts, nextAddressDelayMs }, data: { connecting, kept, next, alone } }) => {
    const tried = attempts.slice(0, 2);
    const lone = attempts.find(({ request }) => request === 4);
    const [first, second] = [topology.hosts['backend-1'].ipv4, topology.hosts['backend-2'].ipv4];
    const reused = events.some((event) => event.event === 'client:connection' && event.request === 2 && event.reused);
    return [
      check('the first two attempts: backend-1 given up, backend-2 connected', attemptsText(tried) === `${first} given up, ${second} connected`, attemptsText(tried)),
      checkDelay('delay until the next address was tried', nextAddressDelayMs, client.attemptDelayMs ?? nodeAttemptDelayMs, timerTolerance),
      check('backend-2 answered the first request', answererOf(topology, connecting) === 'backend-2', answererOf(topology, connecting)),
      check('the second request used the kept-alive connection to the vanished host, and failed', reused && !kept.ok, `${reused ? 'reused' : 'dialled'}, ${kept.ok ? 'answered' : kept.error}`),
      checkDelay('only the caller’s limit ended the second request', tookMs(events, 2), client.timeoutMs ?? timeoutMs, requestTolerance),
      check('the next request was answered by backend-1', answererOf(topology, next) === 'backend-1', answererOf(topology, next)),
      check('the attempt on the only address ended with EHOSTUNREACH', !alone.ok && alone.error === 'EHOSTUNREACH', alone.ok ? 'answered' : alone.error),
      checkDelay('the kernel gave up on the silent neighbour after', lone?.endMs ? lone.endMs - lone.startMs : null, neighbourGoneMs, { earlyMs: 2, lateMs: 300 }),
    ];
  },
});
