/**
 * The application stops accepting connections but still listens, and its accept queue is full. The kernel completes handshakes as long as
 * the queue has room, which is for backlog + 1 connections (listen(2)). After that the kernel drops each SYN silently, and the client's
 * kernel retransmits it. There is no RST: the kernel would send one only with `tcp_abort_on_overflow`. Established connections still get
 * answers; under `pause` they do not.
 *
 * The observer fills the queue when the fault is applied, so the next client finds it full.
 */
import { family, integer } from '../vocabulary/options.ts';
import type { Held } from '../network/probe.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach } from './fault.ts';

export const acceptQueueFull = defineFault({
  summary: 'the server stops accepting, and its accept queue is full; established connections still work',
  effect: 'new connections meet silence: SYNs are dropped and retransmitted',
  on: ['backend'],
  options: { backlog: integer(1, 1, 'the backlog of the listening socket', 100), family: family('the IP family whose queue is full, 0 for both') },
  apply: async (target, options) => {
    const waiting: Held[] = [];
    const families = familiesOf(options.family);
    for (const each of families) {
      await target.service().call('deafen', { family: each, backlog: options.backlog });
      for (let place = 0; place <= options.backlog; place++) waiting.push(await target.probe.hold(target.name, each));
    }
    return async () => {
      for (const each of families) await target.service().call('listen', { family: each });
      for (const held of waiting) await held.release();
    };
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, ['silent'])),
});
