/**
 * DNS lists an address that no host has, and lists it first: a record that was left in DNS after its server was gone. In each family that
 * has records, the dead address replaces the first record, so the answer is as long as before.
 */
import { nobodysAddress } from '../vocabulary/topology.ts';
import { addressesIn, firstReply, observeAnswers, setRule, whichAddressQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsDeadAddress = defineFault({
  summary: 'puts an address that no host has first in each answer',
  effect: 'the first attempt meets silence, then EHOSTUNREACH after 3 s; the next address works',
  on: ['dns'],
  options: { ...whichAddressQueries },
  apply: (target, options) => setRule(target, 'dns-dead-address', options, { insert: [nobodysAddress(target.topology, 4), nobodysAddress(target.topology, 6)] }),
  observe: async (target, options) => {
    const dead = [nobodysAddress(target.topology, 4), nobodysAddress(target.topology, 6)];
    const [answers, ...attempts] = await Promise.all([
      observeAnswers(target, options, (asked) => {
        const [first] = addressesIn(firstReply(asked));
        return first === undefined ? null : dead.includes(first);
      }),
      ...dead.map((address) => target.probe.connectTo(address)),
    ]);
    const isDead = attempts.every(({ outcome }) => outcome === 'silent' || outcome === 'EHOSTUNREACH');
    return { seen: answers.seen && isDead, observed: `${answers.observed}; connects to the dead addresses: ${attempts.map(({ outcome }) => outcome).join(', ')}` };
  },
});
