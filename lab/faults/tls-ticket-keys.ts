/**
 * The keys of session tickets (RFC 8446 section 4.6.1, RFC 5077). A client offers the ticket that it has for a name, and meets another backend, or the same one
 * after a restart. Only with the key that made the ticket can a server read it. Otherwise it makes a full handshake: more work for both, and no error.
 */
import { choice } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { handshakeText, ofFamily, shakeHands } from './observe-handshakes.ts';

export const tlsTicketKeys = defineFault({
  summary: 'changes the keys of session tickets: to new ones, or to those that all backends with `shared` have',
  effect: 'tickets from before are not accepted: a full handshake; with `shared`, tickets of the other backends with `shared` are',
  on: ['backend'],
  needs: 'tls',
  options: { keys: choice(['changed', 'shared'], 'changed', 'new keys for this backend alone, or the same ones for all backends with `shared`'), family: ofFamily },
  apply: async (target, { keys, family }) => {
    for (const each of familiesOf(family)) await shakeHands(target, each, { keep: `before ${target.name} IPv${each}` });
    const undo = await misbehave(target, { ticketKeys: keys }, family);
    for (const each of familiesOf(family)) await shakeHands(target, each, { keep: `during ${target.name} IPv${each}` });
    return undo;
  },
  observe: (target, { keys, family }) =>
    observeEach(familiesOf(family), async (each) => {
      const old = await shakeHands(target, each, { offer: `before ${target.name} IPv${each}` });
      const isOldRefused = old.outcome === 'done' && old.offered && !old.resumed;
      const observed = `with a ticket from before ${handshakeText(old)}`;
      if (!isOldRefused) return { seen: false, observed };
      if (keys === 'changed') {
        // A new process refuses the old ticket, too. Only while the new keys hold, a ticket that they made is accepted.
        const during = await shakeHands(target, each, { offer: `during ${target.name} IPv${each}` });
        return { seen: during.resumed, observed: `${observed}, with one of the new keys ${handshakeText(during)}` };
      }
      // The first backend with shared keys makes the first ticket. Every other one must accept it.
      const shared = await shakeHands(target, each, { offer: 'shared', keep: 'shared' });
      return { seen: shared.offered ? shared.resumed : shared.kept, observed: `${observed}, with a shared ticket ${shared.offered ? handshakeText(shared) : 'nothing: it is the first one'}` };
    }),
});
