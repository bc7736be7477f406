/** The server answers a request with a frame that breaks the protocol: DATA without a stream, for which a client ends the whole connection with PROTOCOL_ERROR (RFC 9113 section 6.1). */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { framesOf, isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2Garbage = defineFault({
  summary: 'answers each request over HTTP/2 with a frame that breaks the protocol',
  effect: 'the client ends the connection with PROTOCOL_ERROR, and with it every request on it',
  on: ['backend'],
  needs: 'http2',
  options: {},
  apply: (target) => misbehave(target, { garbage: 'frame' }),
  observe: (target) => observeHttp2(target, ['get'], (seen) => framesOf(seen, 'data').some(({ stream }) => stream === 0) && !isAnswered(seen, streamOf(1)), target.probe.endingMs),
});
