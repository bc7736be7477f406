/** The id of the answer differs from the id of the query, as in a spoofed answer. A resolver has to ignore it and keep waiting (RFC 5452 section 9.1). */
import { firstReply, observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsWrongId = defineFault({
  summary: 'answers with an id that is not the id of the query',
  effect: 'silence for a resolver that checks the id; a resolver that does not check it takes the wrong answer',
  on: ['dns'],
  options: { ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-wrong-id', options, { wrongId: true }),
  observe: (target, options) => observeAnswers(target, options, (asked) => firstReply(asked)?.ownId === false),
});
