/** The connection ends before the body does. The client gets fewer bytes than Content-Length says, which RFC 9112 section 8 calls incomplete. */
import { choice } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const truncatedBody = defineFault({
  summary: 'the application ends the connection in the middle of each body',
  effect: 'status and headers, half of the body, then FIN or RST',
  on: ['backend'],
  options: { ending: choice(['fin', 'rst'], 'fin', 'how the connection ends') },
  apply: (target, { ending }) => misbehave(target, { truncate: ending }),
  observe: (target, { ending }) =>
    observeReplies(target, 1, ({ replies: [reply], whole, end }) => statusOf(reply) === '200' && whole === 0 && end === ending.toUpperCase()),
});
