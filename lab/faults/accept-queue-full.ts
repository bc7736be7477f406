/**
 * The application accepts no more while it still listens, and its accept queue is full. The kernel completes handshakes into the queue
 * as long as there is room, backlog + 1 of them (listen(2)); after that a SYN is dropped without a word, and repeated by its sender.
 * No RST: that would take `tcp_abort_on_overflow`. Established connections go on, unlike under `pause`.
 *
 * The lab fills the queue from the observer, so that the next client is the one that finds it full.
 */
import { family, integer } from '../vocabulary/options.ts';
import type { Held } from '../network/probe.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach } from './fault.ts';

export const acceptQueueFull = defineFault({
  summary: 'stops accepting, with the accept queue full; established connections stay',
  effect: 'silence to new connections: SYNs are dropped and repeated',
  on: ['backend'],
  options: { backlog: integer(1, 1, 'the listening socket’s backlog', 100), family: family('the family whose queue is full, 0 for both') },
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
