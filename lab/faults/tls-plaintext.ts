/**
 * The port speaks HTTP without TLS: a listener that lost its TLS settings, or a load balancer that ends TLS and sends it on to the wrong port. The server
 * takes the ClientHello for a broken request and answers 400. The client takes the first bytes of the answer, `HTTP/`, for the header of a record.
 */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

export const tlsPlaintext = defineFault({
  summary: 'speaks HTTP without TLS on the port of HTTPS',
  effect: 'TCP connects, then bytes that are no TLS',
  on: ['backend'],
  needs: 'tls',
  options: { family: ofFamily },
  apply: (target, { family }) => misbehave(target, { tlsAnswer: 'plaintext' }, family),
  observe: (target, { family }) => observeHandshakes(target, family, ({ outcome }) => outcome === 'no TLS'),
});
