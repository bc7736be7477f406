/**
 * The server closes its idle connections with FIN (RFC 9112 section 9.6), as nginx and HAProxy do at a reload, or any server when its
 * keep-alive time is over. The fault acts once: requests in flight continue, new connections work, and healing has nothing to undo.
 */
import { defineFault, observeEach } from './fault.ts';

export const closeIdle = defineFault({
  summary: 'closes the connections that are idle now with FIN, once',
  effect: 'FIN on kept connections; new connections work',
  on: ['backend'],
  options: {},
  holds: 'new',
  apply: async (target) => {
    await target.service().call('close-idle');
    return () => Promise.resolve();
  },
  observe: (target) =>
    observeEach([4, 6], async (each) => {
      const { outcome } = await target.held(each).ended(target.probe.endingMs);
      return { seen: outcome === 'FIN', observed: `kept connection ${outcome}` };
    }),
});
