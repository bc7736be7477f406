/** The reply is not HTTP: garbage stands in place of the status line, or in place of the length of a chunk (RFC 9112 section 7.1). */
import { choice } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const malformedReply = defineFault({
  summary: 'the application sends a reply that is not HTTP, and ends the connection',
  effect: 'garbage instead of the status line, or good headers and then garbage instead of a chunk',
  on: ['backend'],
  options: { part: choice(['status-line', 'chunk'], 'status-line', 'the part of the reply that is garbage') },
  apply: (target, { part }) => misbehave(target, { malformed: part }),
  observe: (target, { part }) =>
    observeReplies(target, 1, ({ replies: [reply = ''], end }) => {
      const isGarbage = part === 'chunk' ? statusOf(reply) === '200' && !/\r\n\r\n[0-9a-f]+\r\n/i.test(reply) && /transfer-encoding: chunked/i.test(reply) : reply !== '' && statusOf(reply) === undefined;
      return isGarbage && end === 'FIN';
    }),
});
