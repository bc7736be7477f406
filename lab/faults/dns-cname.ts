/** The name is an alias of an alias: one answer has a chain of CNAMEs, with the addresses at its end (RFC 1034 section 3.6.2). */
import { integer } from '../vocabulary/options.ts';
import { addressesIn, firstReply, observeAnswers, setRule, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsCname = defineFault({
  summary: 'puts a chain of CNAMEs before the addresses of each answer',
  effect: 'the same addresses, under another name; a resolver that limits the length of the chain gives up',
  on: ['dns'],
  options: { links: integer(3, 1, 'number of CNAMEs in the chain', 16), ...whichQueries },
  apply: (target, options) => setRule(target, 'dns-cname', options, { cnames: options.links }),
  observe: (target, options) =>
    observeAnswers(target, options, (asked) => {
      const reply = firstReply(asked);
      if (!reply || reply.truncated || reply.records.length === 0) return null;
      const aliases = reply.records.slice(0, options.links);
      return addressesIn(reply).length === reply.records.length - options.links && addressesIn(reply).length > 0 && aliases.every((record) => record.startsWith('CNAME '));
    }),
});
