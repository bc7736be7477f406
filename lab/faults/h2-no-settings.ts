/** The server never acknowledges the client's SETTINGS (RFC 9113 section 6.5.3). A client may end the connection with SETTINGS_TIMEOUT; most wait for ever. */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { framesOf, isAnswered, observeHttp2, streamOf } from './http2-look.ts';

export const h2NoSettings = defineFault({
  summary: 'never acknowledges SETTINGS over HTTP/2; requests are answered',
  effect: 'no SETTINGS with ACK: a client may end the connection with SETTINGS_TIMEOUT',
  on: ['backend'],
  needs: 'http2',
  options: {},
  apply: (target) => misbehave(target, { h2Ignores: 'settings' }),
  observe: (target) => observeHttp2(target, ['get'], (seen) => isAnswered(seen, streamOf(1)) && framesOf(seen, 'settings').every(({ flags }) => (flags & 1) === 0)),
});
