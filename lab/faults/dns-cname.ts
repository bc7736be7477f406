/** The name is an alias of an alias: a chain of CNAMEs, all in one answer, with the addresses at its end (RFC 1034 section 3.6.2). */
import { integer } from '../vocabulary/options.ts';
import { addressesIn, firstReply, observeAnswers, setRule, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsCname = defineFault({
  summary: 'answers with a chain of CNAMEs before the addresses',
  effect: 'the same addresses under another name; resolvers that limit the chain give up',
  on: ['dns'],
  options: { links: integer(3, 1, 'how many CNAMEs', 16), ...whichQueries },
  apply: (target, options) => setRule(target, 'dns-cname', options, { cnames: options.links }),
  observe: (target, options) =>
    observeAnswers(target, options, (asked) => {
      const reply = firstReply(asked);
      if (!reply || reply.truncated || reply.records.length === 0) return null;
      const aliases = reply.records.slice(0, options.links);
      return addressesIn(reply).length === reply.records.length - options.links && addressesIn(reply).length > 0 && aliases.every((record) => record.startsWith('CNAME '));
    }),
});
