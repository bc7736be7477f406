import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { attemptsText, triedCheck } from './common.ts';

export const ipv6Refused = defineScenario({
  title: 'IPv6 is refused instead of silent: how long until IPv4 is tried?',
  teaches: 'An answer is better than silence. When an attempt is refused, the next one starts at once, and the client pays no fallback delay.',
  predict: 'This is ipv6-blackhole, but the backends answer IPv6 connects with RST. How much slower is it than a healthy connect?',
  explains:
    'The fallback delay is for the time in which the client does not know whether an answer will come. A RST leaves nothing to wait for, so the ' +
    'client tries the next address at once. That is why a service should refuse what it does not serve. It is also why a firewall that drops ' +
    'packets costs each client a delay, and a firewall that rejects them does not.',
  sources: ['Node lib/net.js, afterConnectMultiple (a failed attempt starts the next one at once)', 'RFC 9293 section 3.10.7.1 (RST for a closed port)'],
  reproduces: ['S13'],
  run: async ({ topology, client, dns, apply }) => {
    await dns.aaaa(true);
    // The answer is shuffled, so every backend gets the fault: then the first IPv6 address is always refused.
    await Promise.all(topology.backends.map((backend) => apply('refuse', backend, { family: 6 })));
    return client.get();
  },
  checks: ({ findings, data }) => [triedCheck(findings), check('no answer came over IPv6', !(data.address ?? '').includes(':'), data.address ?? 'no answer')],
  contract: ({ findings: { attempts, fallbackDelayMs } }) => {
    const path = attempts.map(({ family, outcome }) => `IPv${family} ${outcome}`).join(', ');
    return [
      check('IPv6 was tried first and refused, IPv4 connected', path === 'IPv6 refused, IPv4 connected', attemptsText(attempts)),
      // "At once" is far below the shortest attempt delay that RFC 8305 recommends (100 ms).
      checkDelay('fallback delay', fallbackDelayMs, 0, { earlyMs: 0, lateMs: 50 }),
    ];
  },
});
