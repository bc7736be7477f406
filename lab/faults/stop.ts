/**
 * A graceful stop: SIGTERM. The backend stops accepting, closes idle connections (FIN), finishes what is in flight with
 * `Connection: close`, and ends; what is still in flight when the drain time is over is lost. The DNS server just ends.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, type FaultTarget } from './fault.ts';
import { observeEnded } from './kill.ts';

export const stop = defineFault({
  summary: 'SIGTERM: stops accepting, closes idle connections, finishes requests in flight, ends',
  effect: 'FIN on idle connections; new ones are refused (RST; over UDP ICMP port unreachable)',
  on: ['backend', 'dns'],
  options: { drainMs: integer(5_000, 0, 'milliseconds that a backend’s requests in flight may take to end', 600_000) },
  apply: async (target, { drainMs }) => {
    if (target.kind === 'backend') await target.service().call('drain-time', { drainMs });
    await stopInOrder(target);
    return () => target.restart();
  },
  observe: observeEnded,
});

export async function stopInOrder(target: FaultTarget): Promise<void> {
  // A stopped process gets no SIGTERM before it goes on, and would be ended when nobody asks for it any more.
  if ((await target.process().state()) === 'T') throw new Error('its process is paused; heal that first');
  target.expectExit();
  await target.process().signal('SIGTERM');
  await target.process().exited;
}
