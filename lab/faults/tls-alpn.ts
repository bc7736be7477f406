/**
 * The server speaks none of the protocols that the client offers, and ends the handshake with the alert no_application_protocol (RFC 7301 section 3.2). A
 * client that offers no protocol meets nothing of this.
 */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

export const tlsAlpn = defineFault({
  summary: 'accepts no protocol that a client offers in ALPN',
  effect: 'the fatal alert no_application_protocol; a client without ALPN is served',
  on: ['backend'],
  needs: 'tls',
  options: { family: ofFamily },
  apply: (target, { family }) => misbehave(target, { alpn: 'none' }, family),
  observe: (target, { family }) => observeHandshakes(target, family, ({ outcome }) => outcome === 'alert no_application_protocol'),
});
