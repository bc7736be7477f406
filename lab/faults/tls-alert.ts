/** The server gives the handshake up and says so: the fatal alert handshake_failure, then FIN (RFC 8446 section 6.2). */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

export const tlsAlert = defineFault({
  summary: 'answers each ClientHello with a fatal alert',
  effect: 'TCP connects, then the alert handshake_failure and FIN',
  on: ['backend'],
  needs: 'tls',
  options: { family: ofFamily },
  apply: (target, { family }) => misbehave(target, { tlsAnswer: 'alert' }, family),
  observe: (target, { family }) => observeHandshakes(target, family, ({ outcome }) => outcome === 'alert handshake_failure'),
});
