/**
 * The server closes its connections late. A response that says `Connection: close` is complete, but the FIN that should follow comes
 * late (RFC 9112 section 9.6). A client that counts bytes is done at once; a client that reads to the end of the connection waits. If
 * the client sends its FIN first, its side stays in FIN-WAIT-2 (RFC 9293 section 3.3.2) until the server closes too.
 */
import { integer } from '../vocabulary/options.ts';
import { patienceMs } from '../network/probe.ts';
import { defineFault, observeEach } from './fault.ts';

export const slowClose = defineFault({
  summary: 'the server closes its connections late',
  effect: 'normal responses; the server’s FIN after `Connection: close`, or after the client’s own FIN, is late',
  on: ['backend'],
  options: { delayMs: integer(500, 1, 'milliseconds between the end of the last response and the FIN', 600_000) },
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
      // On a busy machine the observer may see the response late, which shortens its time to the FIN. Its time from the request to the FIN can only be
      // longer. Node's timers may fire up to a millisecond early.
      const sinceRequestMs = end.startMs + end.tookMs - answer.startMs;
      const isLate = sinceRequestMs >= delayMs - 1 && end.tookMs >= delayMs / 2;
      return { seen: answer.outcome === 'response' && end.outcome === 'FIN' && isLate, observed: `${answer.outcome}, then ${end.outcome} after ${end.tookMs.toFixed(0)} ms` };
    }),
});
