/**
 * Over UDP the server sends an answer with the TC flag, even if the whole answer would fit; over TCP it sends the whole answer. A resolver has
 * to ask again over TCP (RFC 7766 section 5). If a firewall blocks TCP to port 53, the lookup fails here (`dns-no-tcp`).
 *
 * Most servers send the records that fit (`records`). A resolver should not use them (RFC 2181 section 9), but some do: musl before 1.2.4 has
 * no TCP and takes what is there.
 */
import { integer } from '../vocabulary/options.ts';
import { addressesIn, firstReply, observeAnswers, queryName, setRule, share, typesOf, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsTruncate = defineFault({
  summary: 'truncates answers over UDP (TC flag), with none or some of their records; over TCP they are whole',
  effect: 'the resolver asks again over TCP, which costs a connect and one more round trip; or it takes the records that are there',
  on: ['dns'],
  options: { records: integer(0, 0, 'how many records a truncated answer keeps', 10), ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-truncate', options, { truncate: options.records }),
  observe: async (target, options) => {
    const whole = new Map(await Promise.all(typesOf(options.type).map(async (type) => [type, firstReply(await target.probe.ask(4, 'tcp', queryName(target, options.name, type), type, 1_000))] as const)));
    const udp = await observeAnswers(target, options, (asked, type) => {
      const reply = firstReply(asked);
      return reply?.truncated === true && reply.records.length === Math.min(options.records, whole.get(type)?.records.length ?? 0);
    });
    const addresses = [...whole.values()].flatMap(addressesIn);
    const isWhole = addresses.length > 0 && [...whole.values()].every((reply) => reply?.truncated === false);
    return { seen: udp.seen && isWhole, observed: `${udp.observed}; over TCP ${addresses.join(' ') || 'no address'}` };
  },
});
