/**
 * The server cuts each connection after it has sent a number of bytes on it, headers included. It ends the connection with FIN, as a proxy
 * that closes properly, or with RST. If the response states its length, the client knows after FIN that the response is incomplete
 * (RFC 9112 section 8). If it states no length, the client cannot know.
 */
import { choice, integer } from '../vocabulary/options.ts';
import { patienceMs } from '../network/probe.ts';
import { defineFault, observeEach } from './fault.ts';

export const limitData = defineFault({
  summary: 'cuts each connection after a number of response bytes',
  effect: 'a response stops at that byte, with FIN or RST; the connection is gone',
  on: ['backend'],
  options: { bytes: integer(100, 1, 'bytes that the server may send on each connection, headers included', 14_000), ending: choice(['fin', 'rst'], 'fin', 'how the connection ends') },
  apply: async (target, { bytes, ending }) => {
    await target.service().call('connections', { cutAfterBytes: bytes, cutWith: ending });
    return async () => { await target.service().call('connections', { cutAfterBytes: null }); };
  },
  observe: (target, { bytes, ending }) =>
    observeEach([4, 6], async (each) => {
      const held = await target.probe.hold(target.name, each);
      const { outcome, bytes: received } = await held.get(`/bytes/${bytes}`, { timeoutMs: patienceMs });
      await held.release();
      return { seen: outcome === (ending === 'rst' ? 'ECONNRESET' : 'FIN') && received === bytes, observed: `${outcome} after ${received} bytes` };
    }),
});
