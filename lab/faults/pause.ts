/**
 * SIGSTOP: the process hangs, the host does not. The kernel still completes handshakes into the accept queue (listen(2)), so a
 * connect succeeds and then nothing is said: this never triggers Happy Eyeballs, and is no blackhole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineFault, observeEach } from './fault.ts';

export const pause = defineFault({
  summary: 'SIGSTOP: the process hangs while its host lives',
  effect: 'connects succeed (the kernel accepts), then silence; over UDP silence',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    await target.process().signal('SIGSTOP');
    // A process that waits for a processor stops when it gets one.
    for (let looks = 0; looks < 400 && (await target.process().state()) !== 'T'; looks++) await sleep(5);
    return async () => {
      // What was killed meanwhile is no longer stopped.
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
