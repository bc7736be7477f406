/** Packets overtake each other, as when a flow is spread over two paths (RFC 4737). TCP sees a gap and asks for data that is only late. */
import { integer } from '../vocabulary/options.ts';
import { defineFault } from './fault.ts';
import { echoesToSee, linkTargets, observePings, passes, scope } from './link-echoes.ts';

export const reorder = defineFault({
  summary: 'holds back a share of the packets, so that later packets overtake them',
  effect: 'duplicate acknowledgements and needless retransmissions; some answers are late by `heldMs`',
  on: linkTargets,
  options: {
    percent: integer(20, 1, 'percentage of the packets, in each direction that is hit', 100),
    heldMs: integer(10, 5, 'milliseconds that a packet is held back', 1_000),
    ...scope,
  },
  apply: (target, options) => target.link.impair('reorder', options),
  by: ({ link }) => link.by('reorder'),
  answersLateMs: (options) => 2 * passes(options) * options.heldMs,
  observe: (target, options) =>
    // A packet that is held back counts only if another packet overtakes it, so the echoes are counted for half of the chance.
    observePings(target, options, { ...echoesToSee(options.percent === 100 ? 50 : options.percent / 2), batch: 20, waitMs: 2 * options.heldMs + target.probe.silenceMs, limitMs: 2 * options.heldMs + 2_000 }, ({ sent, echoes }) => {
      let [highest, late] = [-1, 0];
      for (const { sequence } of echoes) {
        if (sequence < highest) late++;
        highest = Math.max(highest, sequence);
      }
      return { seen: late > 0, observed: `${late} of ${sent} echoes were overtaken` };
    }),
});
