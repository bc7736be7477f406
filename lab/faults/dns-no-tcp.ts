/**
 * DNS works over UDP only: TCP to port 53 is refused, or accepted and never answered. Nobody notices until an answer is truncated
 * (`dns-truncate`). For that reason RFC 7766 section 1 requires TCP.
 */
import { choice } from '../vocabulary/options.ts';
import { defineFault, observeEach } from './fault.ts';
import { webName } from '../vocabulary/topology.ts';

export const dnsNoTcp = defineFault({
  summary: 'answers over UDP only: TCP is refused, or accepted and never answered',
  effect: 'nothing until an answer is truncated; then the resolver gets no answer at all',
  on: ['dns'],
  options: { tcp: choice(['refuse', 'silent'], 'refuse', 'refuse TCP connects to port 53, or accept them and stay silent') },
  apply: async (target, { tcp }) => {
    await target.service().call('tcp', { mode: tcp });
    return async () => {
      await target.service().call('tcp', { mode: 'answer' });
    };
  },
  observe: (target, options) =>
    observeEach([4, 6], async (family) => {
      const [udp, tcp] = await Promise.all([target.probe.ask(family, 'udp', webName, 'A', 1_000), target.probe.ask(family, 'tcp', webName, 'A', target.probe.endingMs)]);
      const expected = options.tcp === 'refuse' ? 'ECONNREFUSED' : 'connected, then silent';
      return { seen: udp.outcome === 'answered' && tcp.outcome === expected, observed: `UDP ${udp.outcome}, TCP ${tcp.outcome}` };
    }),
});
