/** Packets that arrive twice, as where a loop is being mended: TCP throws the second away, who uses UDP may not. */
import { integer } from '../vocabulary/options.ts';
import { defineFault } from './fault.ts';
import { answered, echoesToSee, linkTargets, observePings, scope } from './link-echoes.ts';

export const duplicate = defineFault({
  summary: 'a share of the packets arrives twice',
  effect: 'none over TCP; over UDP two answers, or one query answered twice',
  on: linkTargets,
  options: { percent: integer(20, 1, 'of the packets, each way that is hit', 100), ...scope },
  apply: (target, options) => target.link.impair('duplicate', options),
  by: ({ link }) => link.by('duplicate'),
  observe: (target, options) =>
    observePings(target, options, echoesToSee(options.percent), ({ sent, echoes }) => {
      const extra = echoes.length - answered(echoes).size;
      return { seen: extra > 0, observed: `${extra} of ${sent} echoes came twice` };
    }),
});
