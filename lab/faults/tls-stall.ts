/**
 * TCP accepts, and TLS is never answered: the kernel of the server is well, and its process, or what stands behind a load balancer, is not. For Happy
 * Eyeballs as RFC 8305 has it, this address has won: its timer ends with the TCP handshake.
 *
 *   client   SYN ───▶        ◀─── SYN-ACK    ClientHello ───▶        …nothing
 */
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

export const tlsStall = defineFault({
  summary: 'accepts connections, and never answers the ClientHello',
  effect: 'TCP connects, and the TLS handshake is silent until a timeout of the client',
  on: ['backend'],
  needs: 'tls',
  options: { family: ofFamily },
  apply: (target, { family }) => misbehave(target, { tlsAnswer: 'silence' }, family),
  observe: (target, { family }) => observeHandshakes(target, family, ({ outcome }) => outcome === 'connected, then silent', { timeoutMs: target.probe.silenceMs }),
});
