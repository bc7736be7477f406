/**
 * A link that is up for a while and down for a while, as with a bad cable or a port that negotiates again and again. While the link is
 * down, nothing passes in either direction, not even ARP. The host itself does not notice. The seed decides where in its cycle the link
 * begins.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, observeEach } from './fault.ts';
import { answered, linkTargets, longestSilenceMs, repeatedTwiceMs } from './link-echoes.ts';

const everyMs = 10;

export const flap = defineFault({
  summary: 'takes the link down and up again, over and over',
  effect: 'silence for a while, again and again; TCP retransmits lost packets when its own timers expire',
  on: linkTargets,
  options: {
    upMs: integer(1_000, 100, 'milliseconds that the link is up', 60_000),
    downMs: integer(500, 100, 'milliseconds that the link is down', 60_000),
  },
  apply: (target, options) => target.link.impair('flap', { ...options, family: 0, direction: 'both' }),
  by: ({ link }) => link.by('flap'),
  answersLateMs: ({ downMs }) => downMs + repeatedTwiceMs,
  observe: (target, { upMs, downMs }) =>
    observeEach([4, 6], async (each) => {
      const result = await target.probe.ping(target.name, each, { count: Math.ceil((upMs + downMs) / everyMs), everyMs, limitMs: 100 });
      const [back, silenceMs] = [answered(result.echoes).size, longestSilenceMs(result, everyMs)];
      // The look takes one cycle and may begin in the middle of the down time. Then the down time is seen in two parts.
      return { seen: back > 0 && silenceMs >= downMs / 3, observed: `${back} of ${result.sent} echoes answered, longest silence ${silenceMs.toFixed(0)} ms` };
    }),
});
