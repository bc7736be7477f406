import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answersTo, dnsChecks, requestMany, spreadChecks } from './skew-common.ts';

export const subsetBeforeShuffle = defineScenario({
  title: 'the filters in the wrong order, cut to two and then shuffle: one backend gets nothing',
  teaches: 'A filter chain is a program: "shuffle, select two" spreads over three backends, "select two, shuffle" over two.',
  predict: 'Both filters are on, as in shuffle-on, but the other way round. What are the three shares now, and what would one answer alone tell you?',
  explains:
    'Cutting comes first here, and it always cuts the same record, the last of the zone. What is left is shuffled honestly, so two backends share the ' +
    'load and the third idles. Each single answer looks right: two addresses, now in one order, now in the other. Only a count over many answers ' +
    'shows that there are two addresses, not three; that is how to look for it: collect answers, and compare with the zone.',
  sources: ["NS1's filter chain: filters act in their order", 'services/dns/filters.ts'],
  reproduces: ['S2', 'S14'],
  client: { keepAlive: false },
  run: async ({ client, dns }) => {
    await dns.chain(['selectFirst 2', 'shuffle']);
    await requestMany(client);
  },
  checks: (result) => {
    const offered = new Set(answersTo(result).flat());
    return [check('all answers together held two addresses', offered.size === 2, [...offered].join(' ')), ...dnsChecks(result, [1 / 2, 1 / 2, 0])];
  },
  contract: (result) => spreadChecks(result, [1 / 2, 1 / 2, 0]),
});
