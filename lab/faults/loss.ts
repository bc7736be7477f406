/**
 * A lossy link: packets are lost one by one or several in a row. TCP retransmits a lost SYN after a second and lost data after about
 * 200 ms (RFC 6298), so a client sees loss as delay. UDP does not retransmit, so a DNS client has to repeat its query itself.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault } from './fault.ts';
import { answered, echoesToSee, linkTargets, observePings, repeatedTwiceMs, scope } from './link-echoes.ts';

export const loss = defineFault({
  summary: 'drops a share of the packets, at random or in bursts',
  effect: 'retransmissions: some connects and answers take long, and the resolver repeats DNS queries',
  on: linkTargets,
  options: {
    percent: integer(20, 1, 'percentage of the packets, in each direction that is hit', 100),
    burst: integer(1, 1, 'how many packets are lost in a row, on average; 1 for independent losses', 10),
    ...scope,
  },
  apply: (target, options) => target.link.impair('loss', options),
  by: ({ link }) => link.by('loss'),
  answersLateMs: () => repeatedTwiceMs,
  observe: (target, options) =>
    observePings(target, options, { ...echoesToSee(options.percent, options.burst), limitMs: options.percent === 100 ? 100 : 2_000 }, ({ sent, echoes }) => {
      const lost = sent - answered(echoes).size;
      return { seen: options.percent === 100 ? lost === sent : lost > 0, observed: `${lost} of ${sent} echoes lost` };
    }),
});
