import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { backendNames } from '../lab/vocabulary/topology.ts';
import { attemptsText, triedCheck, nodeAttemptDelayMs, timerTolerance } from './common.ts';

export const ipv6Blackhole = defineScenario({
  title: 'IPv6 is silent: how long until IPv4 is tried?',
  teaches: 'Happy Eyeballs: when the preferred family does not answer, the other one gets its chance after a fallback delay.',
  predict: 'DNS offers two IPv6 and two IPv4 addresses. In which order are they tried, and after what delay? Is the second request slow as well?',
  explains:
    'RFC 6724 puts IPv6 first, RFC 8305 alternates the families after that, so the second attempt is an IPv4 one. It starts after the ' +
    'connection attempt delay, for which RFC 8305 recommends 250 ms and Node takes it. What Node does is no race though: it aborts the first ' +
    'attempt when it starts the second, where the RFC lets both run. The price is paid once per connection: the one that ' +
    'won is an IPv4 one, and the second request rides on it.',
  sources: ['RFC 8305 sections 4 and 5 (interlaced families, 250 ms)', 'RFC 6724 section 2.1 (default policy)', 'Node lib/net.js, internalConnectMultiple'],
  reproduces: ['S13', 'S12'],
  run: async ({ client, dns, apply }) => {
    await dns.aaaa(true);
    // Every server, since the answer is shuffled: whichever IPv6 address comes first is silent.
    await Promise.all(backendNames.map((backend) => apply('blackhole', backend, { family: 6 })));
    const first = await client.get();
    const second = await client.get();
    return { first, second };
  },
  checks: ({ findings, data: { first } }) => [triedCheck(findings), check('the answer came over IPv4, or not at all', !(first.address ?? '').includes(':'), first.address ?? 'no answer')],
  contract: ({ client, findings: { attempts, fallbackDelayMs, connections }, data: { first, second } }) => {
    const path = attempts.map(({ family, outcome }) => `IPv${family} ${outcome}`).join(', ');
    return [
      check('IPv6 was tried first and given up, IPv4 connected', path === 'IPv6 given up, IPv4 connected', attemptsText(attempts)),
      checkDelay('fallback delay', fallbackDelayMs, client.attemptDelayMs ?? nodeAttemptDelayMs, timerTolerance),
      check('the second request reused that connection', second.ok && connections.reused === 1 && first.address === second.address, `reused ${connections.reused} times`),
    ];
  },
});
