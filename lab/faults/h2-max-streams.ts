/** The server lets a client have only so many requests under way on a connection (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 section 5.1.2). A client with more waits, or opens another connection. */
import { integer } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { framesOf, isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2MaxStreams = defineFault({
  summary: 'takes only so many requests at a time on a connection of HTTP/2',
  effect: 'SETTINGS with a limit of streams: further requests wait in the client, or go to another connection',
  on: ['backend'],
  needs: 'http2',
  options: { streams: integer(1, 1, 'how many requests may be under way on a connection', 1_000_000) },
  apply: (target, { streams }) => misbehave(target, { maxStreams: streams }),
  observe: (target, { streams }) => observeHttp2(target, ['get'], (seen) => isAnswered(seen, streamOf(1)) && framesOf(seen, 'settings').some(({ maxStreams }) => maxStreams === streams)),
});
