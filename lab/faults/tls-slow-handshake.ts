/**
 * Only the answer to the ClientHello is late. TCP connects at once, and each request on the connection is answered at once. A server whose processors are
 * busy with handshakes looks like this after a restart, when all its clients connect again.
 */
import { integer } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

export const tlsSlowHandshake = defineFault({
  summary: 'answers each ClientHello late, and nothing else',
  effect: 'TLS handshakes are late by the delay; TCP connects and requests are not',
  on: ['backend'],
  needs: 'tls',
  options: { delayMs: integer(300, 5, 'milliseconds between the ClientHello and its answer', 10_000), family: ofFamily },
  apply: (target, { delayMs, family }) => misbehave(target, { tlsDelayMs: delayMs }, family),
  answersLateMs: ({ delayMs }) => delayMs,
  observe: (target, { delayMs, family }) => observeHandshakes(target, family, ({ outcome, tookMs }) => outcome === 'done' && tookMs >= delayMs - 1),
});
