/**
 * The server ends a connection with GOAWAY (RFC 9113 section 6.8), when a request arrives on it that is not its first one. A new connection works.
 *
 *   two-phases    GOAWAY 2³¹−1 first, so that no request is lost that is on its way; the request is answered; then GOAWAY with its stream, and the end
 *   unprocessed   GOAWAY with the stream before: the server has not looked at the request, so a client may send it again, whatever its method
 *   processed     GOAWAY with the stream of the request, and the end without an answer: the work may be done
 *   error         the same with INTERNAL_ERROR
 */
import { choice } from '../vocabulary/options.ts';
import { lastStreamOfAll } from '../vocabulary/http2-frame.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { framesOf, isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2Goaway = defineFault({
  summary: 'ends a connection in use with GOAWAY when its next request arrives; new connections work',
  effect: 'GOAWAY; the request is answered (two-phases), was not looked at (unprocessed), or may have been done (processed, error)',
  on: ['backend'],
  needs: 'http2',
  options: { how: choice(['two-phases', 'unprocessed', 'processed', 'error'], 'two-phases', 'what the GOAWAY says about the request') },
  apply: (target, { how }) => misbehave(target, { goaway: how }),
  observe: (target, { how }) =>
    observeHttp2(target, ['get', 'get', 'get'], (seen) => {
      const [first] = framesOf(seen, 'goaway');
      if (!first || !isAnswered(seen, streamOf(1))) return false;
      const error = how === 'error' ? 2 : 0;
      const last = { 'two-phases': lastStreamOfAll, unprocessed: streamOf(1), processed: streamOf(2), error: streamOf(2) }[how];
      return first.error === error && first.lastStream === last && isAnswered(seen, streamOf(2)) === (how === 'two-phases') && !isAnswered(seen, streamOf(3));
    }),
});
