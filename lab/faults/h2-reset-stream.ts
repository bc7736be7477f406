/** The server ends the stream of a request with RST_STREAM before its answer (RFC 9113 section 6.4). Unlike REFUSED_STREAM, this says nothing about whether the work was done. */
import { choice } from '../vocabulary/options.ts';
import { http2ErrorName } from '../vocabulary/http2-frame.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { framesOf, isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2ResetStream = defineFault({
  summary: 'ends each request over HTTP/2 with RST_STREAM in the place of an answer',
  effect: 'RST_STREAM after the request; the connection stays open',
  on: ['backend'],
  needs: 'http2',
  options: { error: choice(['INTERNAL_ERROR', 'CANCEL', 'ENHANCE_YOUR_CALM', 'HTTP_1_1_REQUIRED'], 'INTERNAL_ERROR', 'the error code (RFC 9113 section 7)') },
  apply: (target, { error }) => misbehave(target, { resetStreams: error }),
  observe: (target, { error }) =>
    observeHttp2(target, ['get', 'get'], (seen) => framesOf(seen, 'rstStream').filter((frame) => http2ErrorName(frame.error ?? 0) === error).length === 2 && !isAnswered(seen, streamOf(1)) && seen.end === 'open'),
});
