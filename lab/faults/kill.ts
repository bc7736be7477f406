/** SIGKILL: the kernel closes the process' sockets. Idle connections get FIN, those with unread data RST; new ones are refused. */
import { connectEndsWith, defineFault, observeEach, type FaultTarget, type Observation } from './fault.ts';

export const kill = defineFault({
  summary: 'SIGKILL: the process is gone at once',
  effect: 'FIN on idle connections, RST on those with unread data; new ones are refused (RST; over UDP ICMP port unreachable)',
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

/** A port nobody listens on answers with RST (RFC 9293 section 3.10.7.1). */
export function observeEnded(target: FaultTarget): Promise<Observation> {
  return observeEach([4, 6], (family) => connectEndsWith(target, family, ['ECONNREFUSED']));
}
