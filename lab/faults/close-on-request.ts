/**
 * A race that every client with keep-alive meets one day: the server closes an idle connection while the next request is on its way.
 * A new connection is answered. A connection that has served a request ends when its next request arrives.
 *
 *   client   GET ───▶  ◀─── 200          PUT ───▶
 *   server                    (idle)         ◀─── FIN or RST
 *
 * The backend waits for the request before it ends the connection, so the client loses the race each time. The client sees a lost race:
 * it sent bytes, it got no byte of an answer, and the connection is gone. A kernel answers bytes for a closed socket with RST (RFC 9293
 * section 3.10.7.1). FIN alone arrives if the server closed only its own half first. RFC 9112 section 9.3.1 says when a client may retry.
 */
import { choice } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const closeOnRequest = defineFault({
  summary: 'ends a kept connection when the next request arrives on it; new connections are answered',
  effect: 'FIN or RST after a request on a reused connection, without a byte of a response',
  on: ['backend'],
  options: { ending: choice(['fin', 'rst'], 'fin', 'how the connection ends') },
  apply: (target, { ending }) => misbehave(target, { closeReused: ending }),
  observe: (target, { ending }) =>
    observeReplies(target, 2, ({ replies: [first, second], whole, end }) => statusOf(first) === '200' && whole === 1 && second === '' && end === ending.toUpperCase()),
});
