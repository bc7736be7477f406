/** Each answer is sent more than once, as a network does that repeats a datagram (RFC 768 promises nothing else). */
import { integer } from '../vocabulary/options.ts';
import { observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsDuplicate = defineFault({
  summary: 'sends each answer more than once',
  effect: 'nothing, to a resolver that takes the first and forgets the id',
  on: ['dns'],
  options: { copies: integer(2, 2, 'how often', 10), ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-duplicate', options, { copies: options.copies }),
  observe: (target, options) => observeAnswers(target, options, ({ replies }) => replies.length === options.copies),
});
