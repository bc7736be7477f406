/** The server never acknowledges PING (RFC 9113 section 6.7). A client that asks whether the connection is alive must take it for dead; a client that does not ask notices nothing. */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2NoPing = defineFault({
  summary: 'never acknowledges PING over HTTP/2; requests are answered',
  effect: 'no answer to PING: a client with health checks closes the connection',
  on: ['backend'],
  needs: 'http2',
  options: {},
  apply: (target) => misbehave(target, { h2Ignores: 'ping' }),
  observe: (target) => observeHttp2(target, ['get', 'ping'], (seen) => isAnswered(seen, streamOf(1)) && seen.answered[1] === false, target.probe.endingMs),
});
