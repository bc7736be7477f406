/**
 * Each connection is cut once the server has sent so many bytes on it, headers included: with FIN, as a proxy that gives up in order,
 * or with RST. Where a response says its length, FIN makes it incomplete (RFC 9112 section 8); where it does not, nobody can tell.
 */
import { choice, integer } from '../vocabulary/options.ts';
import { patienceMs } from '../network/probe.ts';
import { defineFault, observeEach } from './fault.ts';

export const limitData = defineFault({
  summary: 'cuts each connection after so many bytes of responses',
  effect: 'a response breaks off at that byte, with FIN or RST; the connection is gone',
  on: ['backend'],
  options: { bytes: integer(100, 1, 'bytes that the server may send on a connection', 14_000), ending: choice(['fin', 'rst'], 'fin', 'how the connection ends') },
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
