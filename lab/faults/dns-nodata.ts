/** NOERROR without a record: the name exists, this type does not (RFC 2308 section 2.2). What a name without IPv6 says of AAAA. */
import { addressesIn, firstReply, observeAnswers, rcodeOf, setRule, whichQueries } from './dns-rule.ts';
import { defineFault, type FaultTarget, type Observation } from './fault.ts';

export const dnsNodata = defineFault({
  summary: 'answers that the name has no record of the type',
  effect: 'an answer at once with nothing in it; the other type stands alone',
  on: ['dns'],
  options: { ...whichQueries },
  apply: async (target, options) => {
    if ((await observe(target, options)).seen) throw new Error('there is no such record without the fault either (`lab dns aaaa on` adds AAAA records)');
    return await setRule(target, 'dns-nodata', options, { nodata: true });
  },
  observe,
});

type Options = Parameters<typeof setRule>[2];

function observe(target: FaultTarget, options: Options): Promise<Observation> {
  return observeAnswers(target, options, (asked) => rcodeOf(firstReply(asked)) === 'NOERROR' && addressesIn(firstReply(asked)).length === 0);
}
