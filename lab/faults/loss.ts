/**
 * A lossy link: packets vanish, each by itself or several in a row. TCP repeats what is lost: a SYN after a second, data after
 * about 200 ms (RFC 6298), so a loss shows as time; UDP, and so DNS, leaves repeating to the client.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault } from './fault.ts';
import { answered, echoesToSee, linkTargets, observePings, repeatedTwiceMs, scope } from './link-echoes.ts';

export const loss = defineFault({
  summary: 'a share of the packets is lost, at random or in bursts',
  effect: 'retransmissions: some connects and answers take long, DNS queries are asked again',
  on: linkTargets,
  options: {
    percent: integer(20, 1, 'of the packets, each way that is hit', 100),
    burst: integer(1, 1, 'how many are lost in a row, on average; 1 for each by itself', 10),
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
