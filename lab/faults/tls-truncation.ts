/**
 * Half of a body that ends with the connection, and a FIN without close_notify. Anybody on the way can send such a FIN, so TLS tells a whole message from a cut
 * one by close_notify alone (RFC 8446 section 6.1). RFC 9112 section 9.8: the client must then take a response without Content-Length for incomplete.
 * HTTP/2 says in a frame where a body ends, so there the client knows in any case.
 */
import { misbehave, statusOf } from './backend-behaviour.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { ofFamily, shakeHands } from './observe-handshakes.ts';

export const tlsTruncation = defineFault({
  summary: 'sends half of each body without its length, then ends the connection without close_notify',
  effect: 'half a body, then FIN; only the missing close_notify says that it is not the whole one',
  on: ['backend'],
  needs: 'tls',
  options: { family: ofFamily },
  apply: (target, { family }) => misbehave(target, { truncate: 'fin', contentLength: 'leave-out', closeNotify: 'leave-out' }, family),
  observe: (target, { family }) =>
    observeEach(familiesOf(family), async (each) => {
      // In TLS 1.2, the observer can tell an alert from data.
      const { outcome, reply, ending } = await shakeHands(target, each, { path: '/', maxVersion: 'TLSv1.2' });
      const [headers = '', body = ''] = reply.split('\r\n\r\n');
      return {
        seen: statusOf(headers) === '200' && !/^content-length:/im.test(headers) && body !== '' && !body.endsWith('\n') && ending === 'FIN',
        observed: outcome === 'done' ? `${body.length} bytes of body, then ${ending}` : `TLS ${outcome}`,
      };
    }),
});
