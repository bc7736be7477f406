/**
 * The server closes its idle connections in order (RFC 9112 section 9.6), as at a reload of nginx or HAProxy, or when its keep-alive
 * time is up. It is over in a moment: requests in flight go on, new connections work, and healing has nothing to undo.
 */
import { endingMs } from '../network/probe.ts';
import { defineFault, observeEach } from './fault.ts';

export const closeIdle = defineFault({
  summary: 'closes the idle connections of this moment in order, once',
  effect: 'FIN on kept connections; new ones work',
  on: ['backend'],
  options: {},
  holds: 'new',
  apply: async (target) => {
    await target.service().call('close-idle');
    return () => Promise.resolve();
  },
  observe: (target) =>
    observeEach([4, 6], async (each) => {
      const { outcome } = await target.held(each).ended(endingMs);
      return { seen: outcome === 'FIN', observed: `kept connection ${outcome}` };
    }),
});
