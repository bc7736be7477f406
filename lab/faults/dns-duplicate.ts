/** Each answer is sent more than once, as when a network duplicates a datagram (RFC 768 does not rule that out). */
import { integer } from '../vocabulary/options.ts';
import { observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsDuplicate = defineFault({
  summary: 'sends each answer more than once',
  effect: 'nothing for a resolver that takes the first answer and then forgets the id',
  on: ['dns'],
  options: { copies: integer(2, 2, 'how many times each answer is sent', 10), ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-duplicate', options, { copies: options.copies }),
  observe: (target, options) => observeAnswers(target, options, ({ replies }) => replies.length === options.copies),
});
