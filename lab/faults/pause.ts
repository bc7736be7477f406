/**
 * SIGSTOP: the process hangs, the host does not. The kernel still completes handshakes into the accept queue (listen(2)), so a connect
 * succeeds, and then the server is silent. A pause is therefore not a blackhole, and it never triggers Happy Eyeballs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineFault, observeEach } from './fault.ts';

export const pause = defineFault({
  summary: 'SIGSTOP: the process hangs, but its host still works',
  effect: 'connects succeed (the kernel accepts), then silence; over UDP only silence',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    await target.process().signal('SIGSTOP');
    // On a busy machine, a process that waits for a processor stops only when it gets one.
    for (let looks = 0; looks < 400 && (await target.process().state()) !== 'T'; looks++) await sleep(5);
    return async () => {
      // Another fault may have killed the process in the meantime.
      if ((await target.process().state()) !== null) await target.process().signal('SIGCONT');
    };
  },
  observe: async (target) => {
    const { seen, observed } = await observeEach([4, 6], async (family) => {
      if (target.kind === 'dns') {
        const [connect, query] = await Promise.all([target.probe.connect(target.name, family), target.probe.query(family)]);
        return { seen: connect.outcome === 'connected' && query.outcome === 'silent', observed: `TCP ${connect.outcome}, UDP ${query.outcome}` };
      }
      const { outcome } = await target.probe.get(target.name, family);
      return { seen: outcome === 'connected, then silent', observed: outcome };
    });
    const state = await target.process().state();
    return { seen: seen && state === 'T', observed: `${observed}, process state ${state ?? 'gone'}` };
  },
});
