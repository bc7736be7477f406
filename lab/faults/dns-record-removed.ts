/** A server that still runs is taken out of DNS, as a drain before a deployment does. A client that asks DNS again goes elsewhere; a client that does not ask stays. */
import { choice } from '../vocabulary/options.ts';
import { backendNames } from '../vocabulary/topology.ts';
import { addressesIn, firstReply, observeAnswers, setRule, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

/** An answer lists two of the three backends. One backend is missing from 20 answers by chance once in three thousand million looks. */
const queries = 20;

export const dnsRecordRemoved = defineFault({
  summary: 'takes a backend out of the answers while its server still runs',
  effect: 'new lookups lead to other backends; established connections stay and are served',
  on: ['dns'],
  options: { backend: choice(backendNames, 'backend-1', 'the backend whose addresses are left out'), ...whichQueries },
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
    return { seen: answers.seen && alive.seen, observed: `${options.backend} listed in ${listed} answers; the server itself: ${alive.observed}` };
  },
});
