/** NOERROR without a record: the name exists, but has no record of this type (RFC 2308 section 2.2). A name without IPv6 answers AAAA like this. */
import { addressesIn, firstReply, observeAnswers, rcodeOf, setRule, whichQueries } from './dns-rule.ts';
import { defineFault, type FaultTarget, type Observation } from './fault.ts';

export const dnsNodata = defineFault({
  summary: 'answers that the name has no record of this type (NODATA)',
  effect: 'an empty answer at once; the client has only the records of the other type',
  on: ['dns'],
  options: { ...whichQueries },
  apply: async (target, options) => {
    if ((await observe(target, options)).seen) throw new Error('the answer has no record even without the fault, so the fault would change nothing (`lab dns aaaa on` adds AAAA records)');
    return await setRule(target, 'dns-nodata', options, { nodata: true });
  },
  observe,
});

type Options = Parameters<typeof setRule>[2];

function observe(target: FaultTarget, options: Options): Promise<Observation> {
  return observeAnswers(target, options, (asked) => rcodeOf(firstReply(asked)) === 'NOERROR' && addressesIn(firstReply(asked)).length === 0);
}
