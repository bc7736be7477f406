/** The records carry another TTL: 0 means "do not cache" (RFC 1035 section 3.2.1), and with a very large TTL a cache need not ask again. */
import { integer } from '../vocabulary/options.ts';
import { firstReply, observeAnswers, setRule, whichQueries } from './dns-rule.ts';
import { defineFault, type FaultTarget, type Observation } from './fault.ts';

type Options = Parameters<typeof setRule>[2] & { ttlS: number };

export const dnsTtl = defineFault({
  summary: 'gives the records another TTL',
  effect: 'nothing for a client that keeps its connection or asks DNS each time; a cache keeps the answer for the TTL',
  on: ['dns'],
  options: { ttlS: integer(0, 0, 'TTL of the records in seconds', 2 ** 31 - 1), ...whichQueries },
  apply: async (target, options) => {
    if ((await observe(target, options)).seen) throw new Error(`the records have a TTL of ${options.ttlS} s even without the fault; choose another \`ttlS\``);
    return await setRule(target, 'dns-ttl', options, { ttlS: options.ttlS });
  },
  observe,
});

function observe(target: FaultTarget, options: Options): Promise<Observation> {
  return observeAnswers(target, options, (asked) => {
    const ttls = firstReply(asked)?.ttlsS ?? [];
    return ttls.length === 0 ? null : ttls.every((ttlS) => ttlS === options.ttlS);
  });
}
