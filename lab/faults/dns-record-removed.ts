/** A server that still runs is taken out of DNS, as a drain before a deployment does. A client that asks DNS again goes elsewhere; a client that does not ask stays. */
import type { Option } from '../vocabulary/options.ts';
import { textThat } from '../vocabulary/values.ts';
import { isBackend, type BackendName } from '../vocabulary/topology.ts';
import { addressesIn, firstReply, observeAnswers, setRule, whichAddressQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

/** An answer lists two of the backends. One of three backends is missing from 20 answers by chance once in three thousand million looks. */
const queriesOfThree = 20;

/** Returns the number of answers from which one of so many backends is missing by chance as rarely as one of three from 20. Up to two backends are in every answer. */
export function queriesFor(backends: number): number {
  return backends <= 3 ? queriesOfThree : Math.ceil(queriesOfThree * Math.log(1 / 3) / Math.log(1 - 2 / backends));
}

const backend: Option<BackendName> = {
  doc: 'the backend whose addresses are left out',
  default: 'backend-1',
  kind: textThat('the name of a backend, such as backend-1', isBackend) as Option<BackendName>['kind'],
};

export const dnsRecordRemoved = defineFault({
  summary: 'takes a backend out of the answers while its server still runs',
  effect: 'new lookups lead to other backends; established connections stay and are served',
  on: ['dns'],
  options: { backend, ...whichAddressQueries },
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
    }, { queries: queriesFor(target.topology.backends.length) });
    const alive = await target.probe.answers(options.backend);
    return { seen: answers.seen && alive.seen, observed: `${options.backend} listed in ${listed} answers; the server itself: ${alive.observed}` };
  },
});
