/** A server is taken out of DNS while it lives: what a drain before a deployment does. Who asks again is led elsewhere; who does not, stays. */
import { choice } from '../vocabulary/options.ts';
import { backendNames } from '../vocabulary/topology.ts';
import { addressesIn, firstReply, observeAnswers, setRule, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

/** An answer holds two of three: that one of them is missing in so many by chance happens once in three thousand million looks. */
const queries = 20;

export const dnsRecordRemoved = defineFault({
  summary: 'takes a backend out of the answers while its server goes on',
  effect: 'new lookups lead elsewhere; connections that are there stay, and are served',
  on: ['dns'],
  options: { backend: choice(backendNames, 'backend-1', 'whose addresses are left out'), ...whichQueries },
  apply: (target, options) => {
    const { ipv4, ipv6 } = target.topology.hosts[options.backend];
    return setRule(target, 'dns-record-removed', options, { omit: [ipv4, ipv6] });
  },
  observe: async (target, options) => {
    const { ipv4, ipv6 } = target.topology.hosts[options.backend];
    let listed = 0;
    const answers = await observeAnswers(target, options, (asked) => {
      const addresses = addressesIn(firstReply(asked));
      const isListed = addresses.includes(ipv4) || addresses.includes(ipv6);
      if (isListed) listed++;
      return addresses.length === 0 ? null : !isListed;
    }, { queries });
    const alive = await target.probe.answers(options.backend);
    return { seen: answers.seen && alive.seen, observed: `${options.backend} in ${listed} answers; it answers itself: ${alive.observed}` };
  },
});
