/**
 * Over UDP an empty answer with TC set, whatever its size; whole over TCP. A resolver has to ask again over TCP (RFC 7766 section 5),
 * which is where one notices that TCP to port 53 was forgotten in a firewall (`dns-no-tcp`).
 */
import { addressesIn, firstReply, observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsTruncate = defineFault({
  summary: 'truncates answers over UDP (TC); they are whole over TCP',
  effect: 'the same question again, over TCP: a connect and a round trip more',
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
