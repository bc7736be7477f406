import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { backendNames } from '../lab/vocabulary/topology.ts';
import { attemptsText, triedCheck } from './common.ts';

export const ipv6Refused = defineScenario({
  title: 'IPv6 is refused instead of silent: how long until IPv4 is tried?',
  teaches: 'An answer beats silence: a refused attempt starts the next one at once, and no fallback delay is paid.',
  predict: 'The same as ipv6-blackhole, but the servers answer IPv6 connects with RST. How much slower than a healthy connect?',
  explains:
    'The fallback delay is for not knowing. A RST says all there is to know, so the next address is tried in the same moment. That is why a ' +
    'service should refuse what it does not serve, and why a firewall that drops costs each client a delay that one that rejects does not.',
  sources: ['Node lib/net.js, afterConnectMultiple (a failed attempt starts the next one at once)', 'RFC 9293 section 3.10.7.1 (RST for a closed port)'],
  reproduces: ['S13'],
  run: async ({ client, dns, apply }) => {
    await dns.aaaa(true);
    // Every server, since the answer is shuffled: whichever IPv6 address comes first is refused.
    await Promise.all(backendNames.map((backend) => apply('refuse', backend, { family: 6 })));
    return client.get();
  },
  checks: ({ findings, data }) => [triedCheck(findings), check('the answer came over IPv4, or not at all', !(data.address ?? '').includes(':'), data.address ?? 'no answer')],
  contract: ({ findings: { attempts, fallbackDelayMs } }) => {
    const path = attempts.map(({ family, outcome }) => `IPv${family} ${outcome}`).join(', ');
    return [
      check('IPv6 was tried first and refused, IPv4 connected', path === 'IPv6 refused, IPv4 connected', attemptsText(attempts)),
      // At once: far below any attempt delay that RFC 8305 allows (100 ms).
      checkDelay('fallback delay', fallbackDelayMs, 0, { earlyMs: 0, lateMs: 50 }),
    ];
  },
});
