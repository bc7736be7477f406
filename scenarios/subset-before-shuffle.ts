import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answersTo, dnsChecks, firstAddressClient, requestMany, sharesPlot, spreadChecks } from './skew-common.ts';

export const subsetBeforeShuffle = defineScenario({
  title: 'the DNS filters in the wrong order, first cut to two, then shuffle: one backend gets nothing',
  teaches: 'The order of a filter chain matters: "shuffle, select two" spreads over three backends, "select two, shuffle" over two.',
  predict: 'Both filters are on, as in shuffle-on, but in the opposite order. What are the three shares now? What would one single answer tell you?',
  explains:
    'Here the cut comes first, and it always cuts the same record, the last of the zone. The two records that are left are ' +
    'shuffled fairly, so two backends share the load and the third gets none. Each single answer looks right: it holds two ' +
    'addresses, in changing order. Only a count over many answers shows that one address is never there. This is how to find the ' +
    'error: collect many answers, and compare them with the zone.',
  sources: ["NS1's filter chain: filters act in their order", 'services/dns/filters.ts'],
  reproduces: ['S2', 'S14'],
  client: firstAddressClient,
  run: async ({ client, dns }) => {
    await dns.chain(['selectFirst 2', 'shuffle']);
    await requestMany(client);
  },
  checks: (result) => {
    const offered = new Set(answersTo(result).flat());
    return [check('all answers together held two addresses', offered.size === 2, [...offered].join(' ')), ...dnsChecks(result, [1 / 2, 1 / 2])];
  },
  contract: (result) => spreadChecks(result, [1 / 2, 1 / 2]),
  plot: sharesPlot,
});
