/** The server answers that it cannot, or will not, or that the name does not exist (RFC 1035 section 4.1.1; RFC 8020 for NXDOMAIN). */
import { choice } from '../vocabulary/options.ts';
import { firstReply, observeAnswers, rcodeOf, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsRcode = defineFault({
  summary: 'answers queries with an error code and no record',
  effect: 'an answer at once that is an error; what a resolver makes of it depends on the code',
  on: ['dns'],
  options: { rcode: choice(['SERVFAIL', 'NXDOMAIN', 'REFUSED', 'FORMERR', 'NOTIMP'], 'SERVFAIL', 'the code'), ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-rcode', options, { rcode: options.rcode }),
  observe: (target, options) => observeAnswers(target, options, (asked) => rcodeOf(firstReply(asked)) === options.rcode),
});
