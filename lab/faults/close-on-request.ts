/**
 * The race that every client with keep-alive meets one day: the server gives up an idle connection in the moment in which the next
 * request is on its way to it. A new connection is answered; on one that has served a request, the next request meets its end.
 *
 *   client   GET ───▶  ◀─── 200          PUT ───▶
 *   server                    (idle)         ◀─── FIN or RST
 *
 * The backend waits for the request, so that the race is lost each time. To the client that is what a lost race looks like: bytes
 * sent, no byte of an answer, the connection gone. RST is what a kernel answers to bytes for a socket that was closed (RFC 9293
 * section 3.10.7.1); FIN alone arrives where the server closed its half first. RFC 9112 section 9.3.1 says when to try again.
 */
import { choice } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const closeOnRequest = defineFault({
  summary: 'ends a kept connection as the next request arrives on it; new connections are answered',
  effect: 'FIN or RST after a request on a reused connection, and not a byte of a response',
  on: ['backend'],
  options: { ending: choice(['fin', 'rst'], 'fin', 'how the connection ends') },
  apply: (target, { ending }) => misbehave(target, { closeReused: ending }),
  observe: (target, { ending }) =>
    observeReplies(target, 2, ({ replies: [first, second], whole, end }) => statusOf(first) === '200' && whole === 1 && second === '' && end === ending.toUpperCase()),
});
