/** Packets arrive twice, as while a loop in the network is repaired. TCP drops the second copy; a program that uses UDP may not. */
import { integer } from '../vocabulary/options.ts';
import { defineFault } from './fault.ts';
import { answered, echoesToSee, linkTargets, observePings, scope } from './link-echoes.ts';

export const duplicate = defineFault({
  summary: 'sends a share of the packets twice',
  effect: 'nothing over TCP; over UDP two answers, or one query that is answered twice',
  on: linkTargets,
  options: { percent: integer(20, 1, 'percentage of the packets, in each direction that is hit', 100), ...scope },
  apply: (target, options) => target.link.impair('duplicate', options),
  by: ({ link }) => link.by('duplicate'),
  observe: (target, options) =>
    observePings(target, options, echoesToSee(options.percent), ({ sent, echoes }) => {
      const came = answered(echoes).size;
      return { seen: echoes.length > came, observed: `${came} of ${sent} echoes came back, with ${echoes.length - came} further copies` };
    }),
});
