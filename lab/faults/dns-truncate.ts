/**
 * Over UDP the server sends an empty answer with the TC flag, even if the whole answer would fit; over TCP it sends the whole answer. A
 * resolver has to ask again over TCP (RFC 7766 section 5). If a firewall blocks TCP to port 53, the lookup fails here (`dns-no-tcp`).
 */
import { addressesIn, firstReply, observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsTruncate = defineFault({
  summary: 'truncates answers over UDP (TC flag); over TCP they are whole',
  effect: 'the resolver asks again over TCP, which costs a connect and one more round trip',
  on: ['dns'],
  options: { ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-truncate', options, { truncate: true }),
  observe: async (target, options) => {
    const udp = await observeAnswers(target, options, (asked) => {
      const reply = firstReply(asked);
      return reply?.truncated === true && reply.records.length === 0;
    });
    const whole = await target.probe.ask(4, 'tcp', options.name, options.type === 'AAAA' ? 'AAAA' : 'A', 1_000);
    const addresses = addressesIn(firstReply(whole));
    return { seen: udp.seen && firstReply(whole)?.truncated === false && addresses.length > 0, observed: `${udp.observed}; over TCP ${addresses.join(' ') || whole.outcome}` };
  },
});
