import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { attemptsText, triedCheck, nodeAttemptDelayMs, timerTolerance } from './common.ts';

export const ipv6Blackhole = defineScenario({
  title: 'IPv6 is silent: how long until IPv4 is tried?',
  teaches: 'Happy Eyeballs: when the preferred family does not answer, the client tries the other family after a fallback delay.',
  predict:
    'DNS offers two IPv6 and two IPv4 addresses. In which order does the client try ' +
    'them, and after what delay? Is the second request slow as well?',
  explains:
    'RFC 6724 puts IPv6 first. RFC 8305 then alternates the families, so the second attempt uses IPv4. It starts after the ' +
    'connection attempt delay: RFC 8305 recommends 250 ms, and Node uses this value. But Node does not let the attempts race. It ' +
    'aborts the first attempt when it starts the second, while the RFC lets both run. The client pays this price once per ' +
    'connection: the IPv4 connection won, and the second request reuses it.',
  sources: ['RFC 8305 sections 4 and 5 (interlaced families, 250 ms)', 'RFC 6724 section 2.1 (default policy)', 'Node lib/net.js, internalConnectMultiple'],
  reproduces: ['S13', 'S12'],
  run: async ({ topology, client, dns, apply }) => {
    await dns.aaaa(true);
    // The answer is shuffled, so every backend gets the fault: then the first IPv6 address is always a silent one.
    await Promise.all(topology.backends.map((backend) => apply('blackhole', backend, { family: 6 })));
    const first = await client.get();
    const second = await client.get();
    return { first, second };
  },
  checks: ({ findings, data: { first } }) => [triedCheck(findings), check('no answer came over IPv6', !(first.address ?? '').includes(':'), first.address ?? 'no answer')],
  contract: ({ client, findings: { attempts, fallbackDelayMs, connections }, data: { first, second } }) => {
    const path = attempts.map(({ family, outcome }) => `IPv${family} ${outcome}`).join(', ');
    return [
      check('IPv6 was tried first and given up, IPv4 connected', path === 'IPv6 given up, IPv4 connected', attemptsText(attempts)),
      checkDelay('fallback delay', fallbackDelayMs, client.attemptDelayMs ?? nodeAttemptDelayMs, timerTolerance),
      check('the second request reused the IPv4 connection', second.ok && connections.reused === 1 && first.address === second.address, `reused ${connections.reused} times`),
    ];
  },
});
