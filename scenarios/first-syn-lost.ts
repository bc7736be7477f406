import { check, checkDelay, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';
import { timerTolerance, tookMs, triedCheck } from './common.ts';

/** The initial retransmission timeout (RFC 6298 section 2, rule 2.1). */
const initialTimeoutMs = 1_000;

export const firstSynLost = defineScenario({
  title: 'the first SYN is lost: why does this connect take a second?',
  teaches: 'A connect that takes 1.0 s has lost a SYN. The kernel sets this time. It says nothing about the network’s delay or about the server.',
  predict: 'The first SYN of each connection is dropped; apart from that the network is perfect. How long does the first request take? And the second?',
  explains:
    'When the first SYN leaves, nobody has measured a round trip yet. So the kernel waits for the initial retransmission timeout, 1 s, whatever ' +
    'the distance. The second SYN is answered at once. The next request uses the kept-alive connection and pays nothing. So look for times just ' +
    'above 1, 2 or 3 s in a histogram of connect times. These servers are not slow: a SYN was lost, often because of a full accept queue.',
  sources: ['RFC 6298 section 2 (initial RTO of 1 s)', 'tcp(7)', 'nft(8) (limit in a set: a count for each flow)'],
  reproduces: ['S17'],
  run: async ({ client, apply, topology }) => {
    await apply('first-syns-lost', 'backend-1', { family: 4 });
    // This name has only one address, so the client cannot try another one meanwhile.
    const url = urlOf(topology, nameOf('backend-1'));
    return { first: await client.get(url), second: await client.get(url) };
  },
  checks: ({ findings, events }) => {
    const made = events.filter((event) => event.event === 'wire:syn-ack');
    const synsBefore = made.map((answer) => events.filter((event) => (event.event === 'wire:syn' || event.event === 'wire:syn-retransmission') && event.localPort === answer.localPort && event.tMs <= answer.tMs).length);
    const again = events.find((event) => event.event === 'wire:syn-retransmission');
    const first = events.find((event) => event.event === 'wire:syn' && again?.event === 'wire:syn-retransmission' && event.localPort === again.localPort);
    // A client with a limit of its own below that of the kernel.
    const gaveUp = made.length === 0 && !again ? 'the client gave up before the kernel sent the SYN again' : null;
    return [
      triedCheck(findings),
      checkUnless(gaveUp, check('no connection was made with its first SYN', synsBefore.length > 0 && synsBefore.every((count) => count >= 2), synsBefore.map((count) => `${count} SYNs`).join(', ') || 'no connection was made')),
      checkUnless(gaveUp, checkDelay('the kernel sent the SYN again after', first && again ? again.tMs - first.tMs : null, initialTimeoutMs, timerTolerance)),
    ];
  },
  contract: ({ events, findings: { attempts: [attempt] }, data: { first, second } }) => [
    check('both requests were answered', first.ok && second.ok, `${first.ok ? 'answered' : first.error}, ${second.ok ? 'answered' : second.error}`),
    checkDelay('the handshake of the first request waited for the second SYN', attempt?.endMs ? attempt.endMs - attempt.startMs : null, initialTimeoutMs, timerTolerance),
    check(`the second request, on the kept-alive connection, took less than ${initialTimeoutMs / 2} ms`, (tookMs(events, 2) ?? Infinity) < initialTimeoutMs / 2, `${tookMs(events, 2)?.toFixed(1) ?? '?'} ms`),
  ],
});
