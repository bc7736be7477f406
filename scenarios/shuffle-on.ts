import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answersTo, dnsChecks, equalShares, firstAddressClient, requestMany, sharesPlot, spreadChecks } from './skew-common.ts';

export const shuffleOn = defineScenario({
  title: 'DNS answers with two of the three addresses, shuffled: is the load even?',
  teaches: 'When DNS shuffles and clients take the first address, new connections spread evenly, although no client knows all servers.',
  predict: 'The client makes 300 requests, each on a new connection. What is the share of each backend? How far from a third would surprise you?',
  explains:
    'The provider shuffles its three records for each answer and then cuts the list to the first two. So each backend comes first in a ' +
    'third of the answers. A client that takes the first address that connects spreads its connections in the same way. A share is ' +
    'still a matter of chance: of 300 requests a fair backend gets 100 ± 8 (one standard deviation), and the chi-squared p says how ' +
    'often fair shares would look this uneven. It works here for two reasons. This client does not keep its connections: with ' +
    'keep-alive, all 300 requests would follow the one answer that came first. And libc has no reason to reorder the answer at this ' +
    'client’s address: sorted-answers moves the client and shows the difference.',
  sources: ['RFC 1794 (DNS support for load balancing)', "NS1's filter chain: shuffle, select first N", 'RFC 6724 section 6, rule 10 (leave the order unchanged)'],
  reproduces: ['S2'],
  client: firstAddressClient,
  run: async ({ client }) => {
    await requestMany(client);
  },
  checks: (result) => {
    const sizes = answersTo(result).map((addresses) => new Set(addresses).size);
    const all = result.topology.backends.length;
    const some = Math.min(2, all);
    return [
      check(`each answer held ${some} of the ${all} addresses`, sizes.length > 0 && sizes.every((size) => size === some), `${sizes.filter((size) => size === some).length} of ${sizes.length}`),
      ...dnsChecks(result, equalShares(result)),
    ];
  },
  contract: (result) => spreadChecks(result, equalShares(result)),
  plot: sharesPlot,
});
