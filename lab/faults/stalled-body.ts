/** The headers and half of the body arrive, then nothing more, and the connection stays open. Only a timeout of the client ends the request. */
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const stalledBody = defineFault({
  summary: 'the application goes silent in the middle of each body',
  effect: 'status, headers and half of the body at once, then silence',
  on: ['backend'],
  options: {},
  apply: (target) => misbehave(target, { stall: true }),
  observe: (target) => observeReplies(target, 1, ({ replies: [reply], whole, end }) => statusOf(reply) === '200' && whole === 0 && end === 'silent', target.probe.endingMs),
});
