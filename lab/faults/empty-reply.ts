/** The request is read, and the connection ends without a byte of an answer: nobody can say how much of it was carried out. */
import { choice } from '../vocabulary/options.ts';
import { misbehave, observeReplies } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const emptyReply = defineFault({
  summary: 'the application ends the connection instead of answering',
  effect: 'FIN or RST after the request, and not a byte of a response',
  on: ['backend'],
  options: { ending: choice(['fin', 'rst'], 'fin', 'how the connection ends') },
  apply: (target, { ending }) => misbehave(target, { empty: ending }),
  observe: (target, { ending }) => observeReplies(target, 1, ({ replies: [reply], end }) => reply === '' && end === ending.toUpperCase()),
});
