/**
 * A long link: each packet arrives late by a time, plus or minus a jitter. The jitter is uniform. It never reorders packets; `reorder` is
 * a fault of its own. The handshake, the request and each window of data are delayed, as over a long distance.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, type FaultTarget } from './fault.ts';
import { linkTargets, observePings, passes, scope } from './link-echoes.ts';

const echoes = 20;

export const delay = defineFault({
  summary: 'delays each packet by a time ± a jitter, in one direction or both, in one family or both',
  effect: 'connects and answers are late by the delay; nothing is lost or reordered',
  on: linkTargets,
  options: {
    delayMs: integer(100, 5, 'milliseconds, in each direction that is hit', 10_000),
    jitterMs: integer(0, 0, 'a packet may be earlier or later by at most this many milliseconds; not more than the delay', 10_000),
    ...scope,
  },
  apply: (target: FaultTarget, options) => {
    if (options.jitterMs > options.delayMs) throw new Error(`Expected the jitter to be no more than the delay of ${options.delayMs} ms, got ${options.jitterMs} ms`);
    return target.link.impair('delay', options);
  },
  by: ({ link }) => link.by('delay'),
  // A response on a new connection is delayed twice: first the handshake is late, then the response.
  answersLateMs: (options) => 2 * passes(options) * (options.delayMs + options.jitterMs),
  observe: (target, options) => {
    const { delayMs, jitterMs } = options;
    // With a jitter, the mean of 20 uniform draws is below the delay by more than half of the jitter once in 10,000 times. Without a
    // jitter no echo can be early, so the earliest one is judged: a queue alone (`throttle`) could make the mean late.
    const expectedMs = passes(options) * (delayMs - jitterMs / 2) - 1;
    return observePings(target, options, { count: echoes, everyMs: 2, untilAnswered: true, limitMs: 2 * delayMs + 2 * jitterMs + 1_000 }, ({ echoes: all }) => {
      const rtts = all.map(({ rttMs }) => rttMs);
      const meanMs = rtts.reduce((sum, rttMs) => sum + rttMs, 0) / rtts.length;
      return {
        seen: rtts.length > 0 && (jitterMs > 0 ? meanMs : Math.min(...rtts)) >= expectedMs,
        observed: rtts.length > 0 ? `round trips of ${Math.min(...rtts).toFixed(1)} to ${Math.max(...rtts).toFixed(1)} ms` : 'no answer',
      };
    });
  },
});
