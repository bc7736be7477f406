import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { domain, httpPort } from '../lab/vocabulary/topology.ts';
import { answererOf, attemptsText, nodeAttemptDelayMs, requestTolerance, timerTolerance, tookMs, triedCheck } from './common.ts';

const timeoutMs = 1_000;
/** Three solicitations, a second apart (RFC 4861 section 10; arp(7) mcast_solicit and retrans_time). */
const neighbourGoneMs = 3_000;

export const hostVanishes = defineScenario({
  title: 'a host vanishes, no FIN, no RST: before connecting, and under a live connection',
  teaches: 'Silence looks like slowness. Before connecting, the client moves on by a timer; on a live connection only the caller’s patience ends it.',
  predict: 'Two servers are in the answer and the first has lost its power. How long until the second is tried? And when the power fails under a kept-alive connection?',
  explains:
    'Nothing answers, not even ARP. While connecting, Node gives an address 250 ms and then aborts the attempt for the next one. The last ' +
    'address, and so an only one, has no such timer: a stranger to the host gets EHOSTUNREACH from its kernel after three unanswered ARP ' +
    'requests, 3 s; one that still has the host in its ARP cache waits far longer. A live connection has no timer at all: it is taken from the pool, and the kernel ' +
    'repeats the request for some 15 minutes (tcp_retries2). Here the caller’s own limit ends that and closes the connection, so the ' +
    'next request dials.',
  sources: ['RFC 8305 section 5 (connection attempt delay)', 'Node net docs: autoSelectFamilyAttemptTimeout', 'arp(7) (mcast_solicit, retrans_time)', 'tcp(7) (tcp_retries2)'],
  reproduces: ['S8'],
  client: { timeoutMs },
  run: async ({ client, dns, apply, startClient, note }) => {
    // Zone order: the vanished server comes first, so that every new connection meets it.
    await dns.chain(['sort', 'selectFirst 2']);
    const first = await apply('vanish', 'backend-1');
    const connecting = await client.get();
    await first.heal();
    await apply('vanish', 'backend-2');
    const kept = await client.get();
    const next = await client.get();
    note('a patient client, a name with one address only, a server it has never met');
    await apply('vanish', 'backend-3');
    const patient = await startClient({ timeoutMs: null });
    const alone = await patient.get(`http://backend-3.${domain}:${httpPort}/`);
    return { connecting, kept, next, alone };
  },
  checks: ({ topology, findings, data: { connecting, kept, alone } }) => [
    triedCheck(findings),
    check('backend-1 did not answer while it was gone', answererOf(topology, connecting) !== 'backend-1', answererOf(topology, connecting)),
    check('nor backend-2', answererOf(topology, kept) !== 'backend-2', answererOf(topology, kept)),
    check('nor backend-3', answererOf(topology, alone) === 'nobody', answererOf(topology, alone)),
  ],
  contract: ({ topology, events, client, findings: { attempts, nextAddressDelayMs }, data: { connecting, kept, next, alone } }) => {
    const tried = attempts.slice(0, 2);
    const lone = attempts.find(({ request }) => request === 4);
    const [first, second] = [topology.hosts['backend-1'].ipv4, topology.hosts['backend-2'].ipv4];
    const reused = events.some((event) => event.event === 'client:connection' && event.request === 2 && event.reused);
    return [
      check('the first two attempts: backend-1 given up, backend-2 connected', attemptsText(tried) === `${first} given up, ${second} connected`, attemptsText(tried)),
      checkDelay('the next address was tried', nextAddressDelayMs, client.attemptDelayMs ?? nodeAttemptDelayMs, timerTolerance),
      check('and answered', answererOf(topology, connecting) === 'backend-2', answererOf(topology, connecting)),
      check('the kept connection was used when its server was gone', reused && !kept.ok, `${reused ? 'reused' : 'dialled'}, ${kept.ok ? 'answered' : kept.error}`),
      checkDelay('it was left by the caller’s limit only', tookMs(events, 2), client.timeoutMs ?? timeoutMs, requestTolerance),
      check('the next request dialled and was answered', answererOf(topology, next) === 'backend-1', answererOf(topology, next)),
      check('the only address ended as unreachable', !alone.ok && alone.error === 'EHOSTUNREACH', alone.ok ? 'answered' : alone.error),
      checkDelay('when the kernel gave up on its neighbour', lone?.endMs ? lone.endMs - lone.startMs : null, neighbourGoneMs, { earlyMs: 2, lateMs: 300 }),
    ];
  },
});
