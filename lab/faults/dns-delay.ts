/** Answers come late. If only one type is late, the run shows whether the client waits for it (RFC 8305 section 3, the resolution delay). */
import { integer } from '../vocabulary/options.ts';
import { firstReply, observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsDelay = defineFault({
  summary: 'answers DNS queries late',
  effect: 'the lookup waits for the answer; a resolver with a shorter timeout asks again',
  on: ['dns'],
  options: { delayMs: integer(500, 1, 'milliseconds between a query and its answer', 600_000), ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-delay', options, { delayMs: options.delayMs }),
  answersLateMs: ({ delayMs }) => delayMs,
  observe: (target, options) =>
    // Node's timers may fire up to a millisecond early.
    observeAnswers(target, options, (asked) => (firstReply(asked)?.tookMs ?? -1) >= options.delayMs - 1, { timeoutMs: options.delayMs + 1_000 }),
});
