/** A graceful stop: SIGTERM. The backend stops accepting, closes idle connections (FIN), finishes what is in flight, and ends. */
import { defineFault } from './fault.ts';
import { observeEnded } from './kill.ts';

export const stop = defineFault({
  summary: 'SIGTERM: stops accepting, closes idle connections, finishes requests in flight, ends',
  effect: 'FIN on idle connections; new ones are refused (RST; over UDP ICMP port unreachable)',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    // A stopped process gets no SIGTERM before it goes on, and would be ended when nobody asks for it any more.
    if ((await target.process().state()) === 'T') throw new Error('its process is paused; heal that first');
    target.expectExit();
    await target.process().signal('SIGTERM');
    await target.process().exited;
    return () => target.restart();
  },
  observe: observeEnded,
});
