/** An overloaded application (S7): it accepts connections at once, but responds late. */
import { integer } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault, observeEach } from './fault.ts';

export const slowResponse = defineFault({
  summary: 'the application waits before each response',
  effect: 'connects succeed at once, the response is late; the connection stays open',
  on: ['backend'],
  options: { delayMs: integer(500, 1, 'milliseconds between a request and its response', 600_000) },
  apply: (target, { delayMs }) => misbehave(target, { delayMs }),
  answersLateMs: ({ delayMs }) => delayMs,
  observe: (target, { delayMs }) =>
    observeEach([4, 6], async (family) => {
      const { outcome, tookMs } = await target.probe.get(target.name, family, '/', delayMs + 2_000);
      // Node's timers may fire up to a millisecond early.
      return { seen: outcome === 'response' && tookMs >= delayMs - 1, observed: `${outcome} after ${tookMs.toFixed(0)} ms` };
    }),
});
