/**
 * The server is taken out of service gracefully, but still runs. It stops listening, and each response says `Connection: close` (RFC 9112
 * section 9.6), so a client leaves after its next request. Idle connections are kept, as Envoy does (an idle client gets no notice), or
 * closed at once, as nginx and HAProxy do.
 */
import { choice } from '../vocabulary/options.ts';
import { patienceMs } from '../network/probe.ts';
import { connectEndsWith, defineFault, observeEach } from './fault.ts';

export const drain = defineFault({
  summary: 'stops listening; each response on an established connection says `Connection: close`',
  effect: 'new connections are refused (RST); a kept connection gets one more response and is then closed',
  on: ['backend'],
  options: { idle: choice(['keep', 'close'], 'keep', 'keep idle connections, or close them at once') },
  holds: 'new',
  apply: async (target, { idle }) => {
    await target.service().call('drain', { idle });
    return async () => { await target.service().call('undrain'); };
  },
  observe: (target, { idle }) =>
    observeEach([4, 6], async (each) => {
      const held = target.held(each);
      const kept = idle === 'keep' ? (await held.get('/', { timeoutMs: patienceMs })).outcome : 'not asked';
      const { outcome: end } = await held.ended(target.probe.endingMs);
      const fresh = await connectEndsWith(target, each, ['ECONNREFUSED']);
      return { seen: fresh.seen && end === 'FIN' && kept === (idle === 'keep' ? 'response' : 'not asked'), observed: `kept connection ${kept}, then ${end}; new connection ${fresh.observed}` };
    }),
});
