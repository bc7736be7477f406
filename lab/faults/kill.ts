/** SIGKILL: the kernel closes the sockets of the process. Idle connections get FIN, connections with unread data get RST, and new connections are refused. */
import { connectEndsWith, defineFault, observeEach, type FaultTarget, type Observation } from './fault.ts';

export const kill = defineFault({
  summary: 'SIGKILL: the process ends at once',
  effect: 'FIN on idle connections, RST on connections with unread data; new connections are refused (RST; over UDP ICMP port unreachable)',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    target.expectExit();
    await target.process().signal('SIGKILL');
    await target.process().exited;
    return () => target.restart();
  },
  observe: observeEnded,
});

/** The kernel answers with RST for a port on which no process listens (RFC 9293 section 3.10.7.1). */
export function observeEnded(target: FaultTarget): Promise<Observation> {
  return observeEach([4, 6], (family) => connectEndsWith(target, family, ['ECONNREFUSED']));
}
