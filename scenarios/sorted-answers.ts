import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answersTo, dnsChecks, equalShares, firstAddressClient, requestMany, sharesPlot, spreadChecks } from './skew-common.ts';

export const sortedAnswers = defineScenario({
  title: 'DNS shuffles, but one backend gets two thirds: the client’s libc sorts the answer',
  teaches: 'The order that DNS gives is a proposal. A resolver that sorts addresses (RFC 6724 rule 9) undoes the shuffle, whatever DNS does.',
  predict:
    'DNS shuffles as in shuffle-on. Only the client has moved, to 198.51.100.9. How often does each backend come first in the answers, and how ' +
    'often does the client connect to it?',
  explains:
    'Rule 9 prefers the destination that shares the longest prefix with the client’s own address. Seen from .9 (1001 in its last bits), .11 ' +
    '(1011) shares 30 bits, and .12 (1100) and .13 (1101) share 29. So glibc moves backend-1 to the front of each answer that holds it, which is ' +
    'two out of three. In the other answers the two backends tie, and the DNS order decides. The shares are 2/3, 1/6, 1/6. The rule was made for ' +
    'IPv6, where prefixes follow the topology. In one IPv4 subnet it means nothing. glibc applies it to IPv4 inside the client’s own subnet, and ' +
    'only while some interface has an IPv6 address. Go applied it too, everywhere in 1.5 and in private networks until 1.8: that was the uneven ' +
    'load on a cloud load balancer. The default address of the client is .200, from where all three backends tie at 24 bits.',
  sources: ['RFC 6724 section 6, rule 9', 'glibc sysdeps/posix/getaddrinfo.c, rfc3484_sort', 'golang/go#13283, golang/go#18518'],
  reproduces: ['S15'],
  // The shares are those of these three addresses.
  topology: { backends: 3, clientIpv4: '198.51.100.9' },
  client: firstAddressClient,
  run: async ({ client }) => {
    await requestMany(client);
  },
  checks: (result) => dnsChecks(result, equalShares(result)),
  contract: (result) => {
    const near = result.topology.hosts['backend-1'].ipv4;
    const answers = answersTo(result);
    const holding = answers.filter((addresses) => addresses.includes(near));
    const first = answers.filter(([address]) => address === near);
    const connected = result.findings.perBackend['backend-1'];
    return [
      ...spreadChecks(result, [2 / 3, 1 / 6, 1 / 6]),
      check(
        'the client took backend-1 from every answer that held it, first or not',
        connected === holding.length && holding.length > first.length,
        `in ${holding.length} of ${answers.length} answers, first in ${first.length}, connected to ${connected} times`,
      ),
    ];
  },
  plot: sharesPlot,
});
