/** The server knows TLS 1.1 alone, which RFC 8996 forbids. A client of today ends the handshake, or gets the alert protocol_version. */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

export const tlsOldVersion = defineFault({
  summary: 'speaks TLS 1.1 alone',
  effect: 'the handshake fails over the version, unless the client still speaks TLS 1.1',
  on: ['backend'],
  needs: 'tls',
  options: { family: ofFamily },
  apply: (target, { family }) => misbehave(target, { tlsVersions: 'old' }, family),
  observe: (target, { family }) => observeHandshakes(target, family, ({ outcome }) => outcome === 'alert protocol_version'),
});
