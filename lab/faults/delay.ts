/**
 * A long link: each packet arrives late by a time, give or take. A jitter spreads evenly (uniform), and never reorders: that is a
 * fault of its own. The handshake, the request and each window of data pay for it, as over a distance.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, type FaultTarget } from './fault.ts';
import { linkTargets, observePings, passes, scope } from './link-echoes.ts';

const echoes = 20;

export const delay = defineFault({
  summary: 'each packet arrives later by a time ± a jitter, one way, in one family or both',
  effect: 'connects and answers are late by it; nothing is lost or reordered',
  on: linkTargets,
  options: {
    delayMs: integer(100, 5, 'milliseconds, each way that is hit', 10_000),
    jitterMs: integer(0, 0, 'at most that much more or less, not more than the delay', 10_000),
    ...scope,
  },
  apply: (target: FaultTarget, options) => {
    if (options.jitterMs > options.delayMs) throw new Error(`Expected the jitter to be no more than the delay of ${options.delayMs} ms, got ${options.jitterMs} ms`);
    return target.link.impair('delay', options);
  },
  by: ({ link }) => link.by('delay'),
  // A handshake, and then a response.
  answersLateMs: (options) => 2 * passes(options) * (options.delayMs + options.jitterMs),
  observe: (target, options) => {
    const { delayMs, jitterMs } = options;
    // The mean of 20 even spreads is less than the delay by half of the jitter once in 10,000 times. Without a jitter none is early;
    // a mean could be late by a queue alone (throttle).
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
