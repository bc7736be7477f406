import { check, checkDelay, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { usualPatienceMs } from '../lab/vocabulary/limits.ts';
import { attemptsText, nodeAttemptDelayMs, timerTolerance, triedCheck } from './common.ts';
import { measure, measureLimitMs } from './matrix/failure.ts';

export const firstSilent = defineScenario({
  title: 'the first address is silent and the second one is well: how long until the second one is tried?',
  teaches: 'A silent address is not an error. Only a timer of the client ends the wait for it, and each client has another timer: from 250 ms to two minutes.',
  predict: 'DNS offers two IPv4 addresses. Nothing answers at the first one, and the second one is well. After how many seconds does the client send its first SYN to the second one?',
  explains:
    'Nothing comes back from the first address, neither SYN-ACK nor RST. So the client cannot tell whether the server is gone or only slow. Happy ' +
    'Eyeballs has a timer for this case: Node starts the next attempt after 250 ms (Node 20 and later; 500 ms in Node 26), and Chromium after 300 ms. Many clients use this ' +
    'timer only between IPv6 and IPv4. Inside one family they try one address after the other. Go shares the time that is left for the dial among the ' +
    'addresses: http.DefaultTransport dials for 30 s, so with two addresses the second one gets its SYN after 15.0 s. curl, wget and ' +
    'Python’s urllib and requests wait until the kernel gives up the SYN, after 131 to 140 s (curl’s own limit, half of its 300 s, is longer). ' +
    `The lab ends the wait after ${usualPatienceMs / 1000} s, or as \`--patience\` says. If the client has no answer by then, it is still waiting, and there is no "next address after" in the summary.`,
  sources: [
    'RFC 8305 section 5 (connection attempt delay)', 'RFC 9293 section 3.8.3 (SYN retransmission)', 'tcp(7) (tcp_syn_retries)',
    'Go net/dial.go, dialSerial and partialDeadline; net/http/transport.go, DefaultTransport (a dial may take 30 s)', 'Node lib/net.js, internalConnectMultiple',
    'libcurl lib/connect.c (DEFAULT_CONNECT_TIMEOUT, half of the time for an address that is not the last one)',
  ],
  limitMs: measureLimitMs,
  run: async (stage) => {
    // Zone order: every client is offered backend-1 first, then backend-2.
    await stage.dns.chain(['sort', 'selectFirst 2']);
    await stage.apply('blackhole', 'backend-1', { family: 4 });
    return await measure(stage);
  },
  checks: ({ findings, topology, data: { outcome, by } }) => {
    const tried = findings.addressesTried.includes(topology.hosts['backend-1'].ipv4);
    return [
      triedCheck(findings),
      checkUnless(tried ? null : 'the client did not try the silent address', check('no answer came from the silent address', by !== 'backend-1', by === null ? outcome : `${outcome} by ${by}`)),
    ];
  },
  contract: ({ client, findings: { attempts, nextAddressDelayMs }, data: { outcome, by } }) => [
    check('the first address was given up, the second one connected', attempts.map((each) => each.outcome).join(', ') === 'given up, connected', attemptsText(attempts)),
    checkDelay('next address after', nextAddressDelayMs, client.attemptDelayMs ?? nodeAttemptDelayMs, timerTolerance),
    check('backend-2 answered', by === 'backend-2', by ?? outcome),
  ],
});
