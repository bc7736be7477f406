/**
 * NOERROR without a record: the name exists, but has no record of this type (RFC 2308 section 2.2). A name without IPv6 answers AAAA like this.
 * Without the SOA, nobody may cache the answer (section 5).
 */
import { choice } from '../vocabulary/options.ts';
import { addressesIn, firstReply, observeAnswers, rcodeOf, setRule, whichQueries } from './dns-rule.ts';
import { defineFault, type FaultTarget, type Observation } from './fault.ts';

export const dnsNodata = defineFault({
  summary: 'answers that the name has no record of this type (NODATA)',
  effect: 'an empty answer at once; the client has only the records of the other type',
  on: ['dns'],
  options: { soa: choice(['on', 'off'], 'on', 'whether the answer has the SOA, which says how long it may be cached'), ...whichQueries },
  apply: async (target, options) => {
    if ((await observe(target, options)).seen) throw new Error('the answer is like this even without the fault, so the fault would change nothing (`lab dns aaaa on` adds AAAA records)');
    return await setRule(target, 'dns-nodata', options, { nodata: true, soa: options.soa === 'on' });
  },
  observe,
});

type Options = Parameters<typeof setRule>[2] & { soa: 'on' | 'off' };

function observe(target: FaultTarget, options: Options): Promise<Observation> {
  return observeAnswers(target, options, (asked) => {
    const reply = firstReply(asked);
    return rcodeOf(reply) === 'NOERROR' && addressesIn(reply).length === 0 && reply?.soa === (options.soa === 'on');
  });
}
