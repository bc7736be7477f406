/** What comes back is no HTTP: garbage where the status line should be, or where the length of a chunk should be (RFC 9112 section 7.1). */
import { choice } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const malformedReply = defineFault({
  summary: 'the application answers with what is no HTTP, and ends the connection',
  effect: 'garbage instead of a status line, or of a chunk after good headers',
  on: ['backend'],
  options: { part: choice(['status-line', 'chunk'], 'status-line', 'what is garbage') },
  apply: (target, { part }) => misbehave(target, { malformed: part }),
  observe: (target, { part }) =>
    observeReplies(target, 1, ({ replies: [reply = ''], end }) => {
      const isGarbage = part === 'chunk' ? statusOf(reply) === '200' && !/\r\n\r\n[0-9a-f]+\r\n/i.test(reply) && /transfer-encoding: chunked/i.test(reply) : reply !== '' && statusOf(reply) === undefined;
      return isGarbage && end === 'FIN';
    }),
});
