/**
 * SIGSTOP: the process hangs, the host does not. The kernel still completes handshakes into the accept queue (listen(2)), so a
 * connect succeeds and then nothing is said: this never triggers Happy Eyeballs, and is no blackhole.
 */
import { defineFault, observeEach } from './fault.ts';

export const pause = defineFault({
  summary: 'SIGSTOP: the process hangs while its host lives',
  effect: 'connects succeed (the kernel accepts), then silence',
  options: {},
  apply: async (target) => {
    await target.process().signal('SIGSTOP');
    return () => target.process().signal('SIGCONT');
  },
  observe: async (target) => {
    const { seen, observed } = await observeEach([4, 6], async (family) => {
      const { outcome } = await target.probe.get(target.name, family);
      return { seen: outcome === 'connected, then silent', observed: outcome };
    });
    const state = await target.process().state();
    return { seen: seen && state === 'T', observed: `${observed}, process state ${state ?? 'gone'}` };
  },
});
