/** The server answers that it cannot answer, that it refuses to, or that the name does not exist (RFC 1035 section 4.1.1; RFC 8020 for NXDOMAIN). */
import { choice } from '../vocabulary/options.ts';
import { firstReply, observeAnswers, rcodeOf, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsRcode = defineFault({
  summary: 'answers DNS queries with an error code and no record',
  effect: 'an error answer at once; what the resolver does next depends on the code',
  on: ['dns'],
  options: { rcode: choice(['SERVFAIL', 'NXDOMAIN', 'REFUSED', 'FORMERR', 'NOTIMP'], 'SERVFAIL', 'the error code'), ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-rcode', options, { rcode: options.rcode }),
  observe: (target, options) => observeAnswers(target, options, (asked) => rcodeOf(firstReply(asked)) === options.rcode),
});
