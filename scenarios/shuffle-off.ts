import { defineScenario } from '../lab/run/scenario.ts';
import { dnsChecks, firstAddressClient, requestMany, sharesPlot, spreadChecks } from './skew-common.ts';

export const shuffleOff = defineScenario({
  title: 'the shuffle was left off at the DNS provider: one backend gets all requests',
  teaches:
    'Clients take the first address that connects. If DNS does not shuffle, this ' +
    'address is the same for all clients, and no client shows an error.',
  predict:
    'The answers hold two of three addresses, in the order of the zone file. The client makes 300 requests, each on a new connection. How many ' +
    'go to the second address? And to the third?',
  explains:
    'One switch at the provider makes all answers the same: the first two records of the zone. The client tries the first address, which works, ' +
    'so it never gets to the second. The third address is in no answer at all. Health checks are green and every request is answered: the only ' +
    'symptom is the load. The second address is only a spare for connection failures. Stop backend-1, and all of its load moves to backend-2.',
  sources: ['RFC 1034 section 3.6 (the order of records has no meaning, and need not be preserved)', 'RFC 1794 (DNS support for load balancing)'],
  reproduces: ['S14'],
  client: firstAddressClient,
  run: async ({ client, dns }) => {
    await dns.filter('shuffle', false);
    await requestMany(client);
  },
  checks: (result) => dnsChecks(result, [1]),
  contract: (result) => spreadChecks(result, [1]),
  plot: sharesPlot,
});
