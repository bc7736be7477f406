/**
 * A hot restart as Envoy does it: a new process listens on the same addresses, and the old process keeps its connections and drains
 * them. Nothing fails. A client with a kept connection stays with the old process until that process tells it to leave (S18).
 *
 *   new connections ──▶ new process
 *   old connections ──▶ old process: a response says `Connection: close` with a probability that grows from 0 to 1 over the drain
 *                       time; idle connections get no notice until the process ends (FIN)
 */
import { integer } from '../vocabulary/options.ts';
import { patienceMs } from '../network/probe.ts';
import { defineFault, observeEach } from './fault.ts';

/** While both processes listen, the kernel spreads new connections over both. With 12 new connections, one of them meets the old process. */
const looks = 12;

export const hotRestart = defineFault({
  summary: 'a new process takes over the listening addresses, and the old process drains its connections, as Envoy does',
  effect: 'new connections meet the new process; established connections stay with the old process until it says `Connection: close` or ends',
  on: ['backend'],
  options: {
    drainMs: integer(4_000, 1, "milliseconds of drain time (Envoy's --drain-time-s is 600 s)", 600_000),
    shutdownMs: integer(6_000, 1, "milliseconds until the old process ends (Envoy's --parent-shutdown-time-s is 900 s)", 900_000),
  },
  holds: 'new',
  apply: async (target, { drainMs, shutdownMs }) => {
    const { old, oldProcess } = await target.startSuccessor();
    await old.call('hand-over', { drainMs, shutdownMs });
    return async () => {
      if ((await oldProcess.state()) !== null) await oldProcess.signal('SIGKILL');
      await oldProcess.exited;
    };
  },
  observe: (target) =>
    observeEach([4, 6], async (family) => {
      const kept = await target.held(family).get('/', { timeoutMs: patienceMs });
      const fresh = await Promise.all(Array.from({ length: looks }, () => target.probe.get(target.name, family, '/', patienceMs)));
      const processes = [...new Set(fresh.map(({ process, outcome }) => process ?? outcome))];
      return {
        seen: kept.outcome === 'response' && fresh.every(({ outcome }) => outcome === 'response') && !processes.includes(kept.process),
        observed: `kept connection: process ${kept.process || kept.outcome}, new connections: process ${processes.join(' and ')}`,
      };
    }),
});
