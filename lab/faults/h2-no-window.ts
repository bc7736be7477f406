/** The server never opens its window again (WINDOW_UPDATE, RFC 9113 section 6.9): the client may send 65,535 bytes on the connection, and then waits. Only requests with a large body meet it. */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2NoWindow = defineFault({
  summary: 'never lets a client send more than the first 65,535 bytes of a connection of HTTP/2',
  effect: 'an upload stops in the middle, without an error; requests without a body are answered',
  on: ['backend'],
  needs: 'http2',
  options: {},
  apply: (target) => misbehave(target, { h2Ignores: 'window' }),
  observe: (target) => observeHttp2(target, ['get', 'upload'], (seen) => isAnswered(seen, streamOf(1)) && seen.answered[1] === false, target.probe.endingMs),
});
