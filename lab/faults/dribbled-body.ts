/** The body comes in seven pieces, spread over a time. Bytes keep arriving, so a timeout that waits for silence does not fire. */
import { integer } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const dribbledBody = defineFault({
  summary: 'the application sends each body in seven pieces, spread over a time',
  effect: 'the first bytes come late, more follow piece by piece, and the body is complete in the end',
  on: ['backend'],
  options: { dribbleMs: integer(700, 7, 'milliseconds from the request to the last piece', 600_000) },
  apply: (target, { dribbleMs }) => misbehave(target, { dribbleMs }),
  answersLateMs: ({ dribbleMs }) => dribbleMs,
  observe: (target, { dribbleMs }) =>
    // Each of the seven timers may fire up to a millisecond early (Node).
    observeReplies(target, 1, ({ replies: [reply], whole, tookMs }) => statusOf(reply) === '200' && whole === 1 && tookMs >= dribbleMs - 7, dribbleMs + 2_000),
});
