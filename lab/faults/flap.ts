/**
 * A link that comes and goes, as with a bad cable or a port that negotiates again and again: up for a while, down for a while. While
 * it is down nothing passes, in either direction, not even ARP; the host itself does not notice. The cycle's beginning depends on
 * the seed.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, observeEach } from './fault.ts';
import { answered, linkTargets, repeatedTwiceMs } from './link-echoes.ts';

const everyMs = 10;

export const flap = defineFault({
  summary: 'the link goes down and up again, over and over',
  effect: 'silence for a while, again and again; what was lost is sent again by TCP’s own clock',
  on: linkTargets,
  options: {
    upMs: integer(1_000, 100, 'milliseconds up', 60_000),
    downMs: integer(500, 100, 'milliseconds down', 60_000),
  },
  apply: (target, options) => target.link.impair('flap', { ...options, family: 0, direction: 'both' }),
  by: ({ link }) => link.by('flap'),
  answersLateMs: ({ downMs }) => downMs + repeatedTwiceMs,
  observe: (target, { upMs, downMs }) =>
    observeEach([4, 6], async (each) => {
      const { sent, echoes } = await target.probe.ping(target.name, each, { count: Math.ceil((upMs + downMs) / everyMs), everyMs, limitMs: 100 });
      const here = answered(echoes);
      let [gap, longest] = [0, 0];
      for (let sequence = 0; sequence < sent; sequence++) longest = Math.max(longest, (gap = here.has(sequence) ? 0 : gap + 1));
      // The cycle may begin in the middle of either part.
      return { seen: here.size > 0 && longest * everyMs >= downMs / 3, observed: `${here.size} of ${sent} echoes answered, at most ${longest * everyMs} ms without` };
    }),
});
