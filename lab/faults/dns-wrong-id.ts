/** The answer carries another id than the query, as a spoofed one would: a resolver has to ignore it and go on waiting (RFC 5452 section 9.1). */
import { firstReply, observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsWrongId = defineFault({
  summary: 'answers with another id than the query had',
  effect: 'silence, to a resolver that looks; an answer that is not its own, to one that does not',
  on: ['dns'],
  options: { ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-wrong-id', options, { wrongId: true }),
  observe: (target, options) => observeAnswers(target, options, (asked) => firstReply(asked)?.ownId === false),
});
