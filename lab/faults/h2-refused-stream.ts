/**
 * The server answers a request with RST_STREAM and REFUSED_STREAM: it has not looked at the request, so a client may send it again, whatever its method
 * (RFC 9113 section 8.7). An overloaded server does so, and a proxy whose backend is full.
 */
import { choice } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { framesOf, isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2RefusedStream = defineFault({
  summary: 'refuses requests over HTTP/2: the first one of each client address for each URL, or all',
  effect: 'RST_STREAM with REFUSED_STREAM in the place of an answer; the connection stays open',
  on: ['backend'],
  needs: 'http2',
  options: { streams: choice(['once', 'always'], 'always', 'refuse the first request of each client address for each URL, or every request') },
  apply: (target, { streams }) => misbehave(target, { refuseStreams: streams }),
  // Each request of the observer asks for a URL of its own, so `once` refuses each of them, too. That the next request for the same URL is answered, a test sees.
  observe: (target) =>
    observeHttp2(target, ['get', 'get'], (seen) => framesOf(seen, 'rstStream').filter(({ error }) => error === 7).length === 2 && !isAnswered(seen, streamOf(1)) && seen.end === 'open'),
});
