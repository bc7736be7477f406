/** Packets that are overtaken, as where a flow is spread over two paths (RFC 4737): TCP sees a gap and asks for what is merely late. */
import { integer } from '../vocabulary/options.ts';
import { defineFault } from './fault.ts';
import { echoesToSee, linkTargets, observePings, passes, scope } from './link-echoes.ts';

export const reorder = defineFault({
  summary: 'a share of the packets is held back, and what follows overtakes them',
  effect: 'duplicate acknowledgements, needless retransmissions; answers late by the hold',
  on: linkTargets,
  options: {
    percent: integer(20, 1, 'of the packets, each way that is hit', 100),
    heldMs: integer(10, 5, 'milliseconds that they are held back', 1_000),
    ...scope,
  },
  apply: (target, options) => target.link.impair('reorder', options),
  by: ({ link }) => link.by('reorder'),
  answersLateMs: (options) => 2 * passes(options) * options.heldMs,
  observe: (target, options) =>
    // Packets must follow each other for one to be overtaken: half of the chance, to be sure.
    observePings(target, options, { ...echoesToSee(options.percent === 100 ? 50 : options.percent / 2), batch: 20, waitMs: 2 * options.heldMs + 30, limitMs: 2 * options.heldMs + 2_000 }, ({ sent, echoes }) => {
      let [highest, late] = [-1, 0];
      for (const { sequence } of echoes) {
        if (sequence < highest) late++;
        highest = Math.max(highest, sequence);
      }
      return { seen: late > 0, observed: `${late} of ${sent} echoes came after one sent later` };
    }),
});
