/** The process ends and a new process takes its place on the same addresses, as in a deployment or under a supervisor. */
import { setTimeout as sleep } from 'node:timers/promises';
import { choice, integer } from '../vocabulary/options.ts';
import { patienceMs } from '../network/probe.ts';
import { defineFault, observeEach, type FaultTarget } from './fault.ts';
import { stopInOrder } from './stop.ts';

export const restart = defineFault({
  summary: 'ends the process and starts it again, once',
  effect: 'kept connections end (FIN); new connections are refused while the server is down, and then work',
  on: ['backend'],
  options: { how: choice(['stop', 'kill'], 'stop', 'end the process with SIGTERM (stop) or SIGKILL (kill)'), downMs: integer(0, 0, 'milliseconds between the end of the process and the new start', 60_000) },
  holds: 'new',
  apply: async (target, { how, downMs }) => {
    await endProcess(target, how);
    if (downMs > 0) await sleep(downMs);
    await target.restart();
    return () => Promise.resolve();
  },
  observe: (target) =>
    observeEach([4, 6], async (each) => {
      const { outcome: kept } = await target.held(each).ended(target.probe.endingMs);
      const { outcome: fresh } = await target.probe.get(target.name, each, '/', patienceMs);
      return { seen: (kept === 'FIN' || kept === 'ECONNRESET') && fresh === 'response', observed: `kept connection ${kept}, new connection ${fresh}` };
    }),
});

export async function endProcess(target: FaultTarget, how: 'stop' | 'kill'): Promise<void> {
  if (how === 'stop') {
    await stopInOrder(target);
    return;
  }
  target.expectExit();
  await target.process().signal('SIGKILL');
  await target.process().exited;
}
