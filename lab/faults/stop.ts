/**
 * A graceful stop: SIGTERM. The backend stops accepting, closes idle connections (FIN), answers requests in flight with
 * `Connection: close`, and ends. Requests that are still in flight when the drain time is over are lost. The DNS server simply ends.
 */
import { integer } from '../vocabulary/options.ts';
import { defineFault, type FaultTarget } from './fault.ts';
import { observeEnded } from './kill.ts';

/** As in services/backend/main.ts. */
const usualDrainMs = 5_000;

export const stop = defineFault({
  summary: 'SIGTERM: the server stops accepting, closes idle connections, finishes requests in flight, and ends',
  effect: 'FIN on idle connections; new connections are refused (RST; over UDP ICMP port unreachable)',
  on: ['backend', 'dns'],
  options: { drainMs: integer(usualDrainMs, 0, 'milliseconds that a backend’s requests in flight may take to finish', 600_000) },
  apply: async (target, { drainMs }) => {
    if (target.kind === 'backend') await target.service().call('drain-time', { drainMs });
    await stopInOrder(target);
    // The next process has the usual time again, for the next fault that stops it.
    if (target.kind === 'backend') await target.service().call('drain-time', { drainMs: usualDrainMs });
    return () => target.restart();
  },
  observe: observeEnded,
});

export async function stopInOrder(target: FaultTarget): Promise<void> {
  // A paused process gets SIGTERM only when it continues. It would then end at a moment when no fault asks for it.
  if ((await target.process().state()) === 'T') throw new Error('its process is paused; heal `pause` first');
  target.expectExit();
  await target.process().signal('SIGTERM');
  await target.process().exited;
}
