/** The body comes in seven pieces, spread over a time: bytes keep arriving, so a limit on silence never strikes. */
import { integer } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const dribbledBody = defineFault({
  summary: 'the application sends each body in pieces, spread over a time',
  effect: 'the first bytes late, more now and then, the whole body in the end',
  on: ['backend'],
  options: { dribbleMs: integer(700, 7, 'milliseconds from the request to the last piece', 600_000) },
  apply: (target, { dribbleMs }) => misbehave(target, { dribbleMs }),
  answersLateMs: ({ dribbleMs }) => dribbleMs,
  observe: (target, { dribbleMs }) =>
    // Node's timers may fire up to a millisecond early, each of seven.
    observeReplies(target, 1, ({ replies: [reply], whole, tookMs }) => statusOf(reply) === '200' && whole === 1 && tookMs >= dribbleMs - 7, dribbleMs + 2_000),
});
