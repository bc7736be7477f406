/** The application reads the request and ends the connection without a byte of an answer. The client cannot know whether the request was carried out. */
import { choice } from '../vocabulary/options.ts';
import { misbehave, observeReplies } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const emptyReply = defineFault({
  summary: 'the application ends the connection instead of answering',
  effect: 'FIN or RST after the request, without a byte of a response',
  on: ['backend'],
  options: { ending: choice(['fin', 'rst'], 'fin', 'how the connection ends') },
  apply: (target, { ending }) => misbehave(target, { empty: ending }),
  observe: (target, { ending }) => observeReplies(target, 1, ({ replies: [reply], end }) => reply === '' && end === ending.toUpperCase()),
});
