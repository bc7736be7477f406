/**
 * The connection ends in the place of a handshake: with FIN, as from a server that takes nobody at the moment, or with RST, as from a middlebox that does not
 * want this connection. TLS ends with an alert if it ends in order (RFC 8446 section 6.1), so neither is a word of TLS.
 */
import { choice } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

export const tlsClose = defineFault({
  summary: 'ends each new connection when its ClientHello arrives',
  effect: 'TCP connects, then FIN or RST in the place of the ServerHello',
  on: ['backend'],
  needs: 'tls',
  options: { ending: choice(['fin', 'rst'], 'fin', 'how the connection ends'), family: ofFamily },
  apply: (target, { ending, family }) => misbehave(target, { tlsAnswer: ending }, family),
  observe: (target, { ending, family }) => observeHandshakes(target, family, ({ outcome }) => outcome === ending.toUpperCase()),
});
