/**
 * The server takes its time to close: a response that says `Connection: close` is complete, and the FIN that should follow comes
 * late (RFC 9112 section 9.6). A client that counts bytes is done at once; one that reads to the end of the connection waits. So
 * does a client's own FIN: its side stays in FIN-WAIT-2 (RFC 9293 section 3.3.2) until the server closes too.
 */
import { integer } from '../vocabulary/options.ts';
import { patienceMs } from '../network/probe.ts';
import { defineFault, observeEach } from './fault.ts';

export const slowClose = defineFault({
  summary: 'the server closes its connections late',
  effect: 'responses as ever; the FIN after `Connection: close`, or after the client’s own FIN, is late',
  on: ['backend'],
  options: { delayMs: integer(500, 1, 'milliseconds between the end of the last response and FIN') },
  apply: async (target, { delayMs }) => {
    await target.service().call('connections', { closeDelayMs: delayMs });
    return async () => { await target.service().call('connections', { closeDelayMs: 0 }); };
  },
  answersLateMs: ({ delayMs }) => delayMs,
  observe: (target, { delayMs }) =>
    observeEach([4, 6], async (each) => {
      const held = await target.probe.hold(target.name, each);
      const answer = await held.get('/', { close: true, timeoutMs: patienceMs });
      const end = await held.ended(delayMs + patienceMs);
      await held.release();
      // Node's timers may fire up to a millisecond early, and what the observer sees is late by a busy machine's scheduling.
      return { seen: answer.outcome === 'response' && end.outcome === 'FIN' && end.tookMs >= delayMs * 0.9, observed: `${answer.outcome}, then ${end.outcome} after ${end.tookMs.toFixed(0)} ms` };
    }),
});
