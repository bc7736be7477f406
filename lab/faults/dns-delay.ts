/** The answer comes, but late: for one type alone it shows who waits for whom (RFC 8305 section 3, the resolution delay). */
import { integer } from '../vocabulary/options.ts';
import { firstReply, observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsDelay = defineFault({
  summary: 'answers queries late',
  effect: 'whoever needs that answer waits; a resolver whose timeout is shorter asks again',
  on: ['dns'],
  options: { delayMs: integer(500, 1, 'milliseconds between a query and its answer', 600_000), ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-delay', options, { delayMs: options.delayMs }),
  answersLateMs: ({ delayMs }) => delayMs,
  observe: (target, options) =>
    // Node's timers may fire up to a millisecond early.
    observeAnswers(target, options, (asked) => (firstReply(asked)?.tookMs ?? -1) >= options.delayMs - 1, { timeoutMs: options.delayMs + 1_000 }),
});
