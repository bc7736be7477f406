/** Headers and half of the body arrive, then nothing, and the connection stays up: only a limit of the client's own ends it. */
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

/** Long enough for the headers and the first half on a busy machine; then silence. */
const silenceMs = 300;

export const stalledBody = defineFault({
  summary: 'the application falls silent in the middle of each body',
  effect: 'status and headers at once, half of the body, then silence',
  on: ['backend'],
  options: {},
  apply: (target) => misbehave(target, { stall: true }),
  observe: (target) => observeReplies(target, 1, ({ replies: [reply], whole, end }) => statusOf(reply) === '200' && whole === 0 && end === 'silent', silenceMs),
});
