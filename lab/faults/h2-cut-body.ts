/** The headers and half of the body arrive, then RST_STREAM. A body over HTTP/2 is whole only with END_STREAM (RFC 9113 section 8.1), so a client must not take the half for the whole. */
import { choice } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { framesOf, isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2CutBody = defineFault({
  summary: 'resets the stream of each response over HTTP/2 in the middle of its body',
  effect: 'status, headers and half of the body, then RST_STREAM; the connection stays open',
  on: ['backend'],
  needs: 'http2',
  options: { error: choice(['INTERNAL_ERROR', 'CANCEL'], 'INTERNAL_ERROR', 'the error code (RFC 9113 section 7)') },
  apply: (target, { error }) => misbehave(target, { cutStreams: error }),
  observe: (target) =>
    observeHttp2(target, ['get'], (seen) => framesOf(seen, 'data').some(({ stream, bytes }) => stream === streamOf(1) && bytes > 0) && framesOf(seen, 'rstStream').length === 1 && !isAnswered(seen, streamOf(1))),
});
