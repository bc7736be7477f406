/**
 * Taken out of service in order, and still alive: the server listens no more, and each response says `Connection: close` (RFC 9112
 * section 9.6), so that clients leave when they next ask. Idle connections are kept, as Envoy does it, which an idle client never
 * hears of, or closed at once, as nginx and HAProxy do.
 */
import { choice } from '../vocabulary/options.ts';
import { endingMs, patienceMs } from '../network/probe.ts';
import { connectEndsWith, defineFault, observeEach } from './fault.ts';

export const drain = defineFault({
  summary: 'listens no more, and says `Connection: close` with each response on what is established',
  effect: 'new connections are refused (RST); a kept one is answered once more and then closed',
  on: ['backend'],
  options: { idle: choice(['keep', 'close'], 'keep', 'what becomes of idle connections') },
  holds: 'new',
  apply: async (target, { idle }) => {
    await target.service().call('drain', { idle });
    return async () => { await target.service().call('undrain'); };
  },
  observe: (target, { idle }) =>
    observeEach([4, 6], async (each) => {
      const held = target.held(each);
      const kept = idle === 'keep' ? (await held.get('/', { timeoutMs: patienceMs })).outcome : 'not asked';
      const { outcome: end } = await held.ended(endingMs);
      const fresh = await connectEndsWith(target, each, ['ECONNREFUSED']);
      return { seen: fresh.seen && end === 'FIN' && kept === (idle === 'keep' ? 'response' : 'not asked'), observed: `kept connection ${kept}, then ${end}; new connection ${fresh.observed}` };
    }),
});
