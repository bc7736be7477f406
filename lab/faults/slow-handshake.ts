/**
 * Only the second step of TCP's handshake is late (RFC 9293 section 3.5): the connect takes long, and everything after it is fast. A
 * server with an overloaded accept path looks like this. A client's connect timeout and attempt delay are made for this case.
 */
import { family, integer } from '../vocabulary/options.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { linkTargets } from './link-echoes.ts';

export const slowHandshake = defineFault({
  summary: 'delays each SYN-ACK and nothing else, in one family or both',
  effect: 'connects are late by the delay, requests on a connection are not; above 1 s the client retransmits the SYN',
  on: linkTargets,
  options: { delayMs: integer(300, 5, 'milliseconds that each SYN-ACK is late', 10_000), family: family('the IP family to slow down, 0 for both') },
  apply: (target, options) => target.link.impair('slow-handshake', { ...options, direction: 'from' }),
  by: ({ link }) => link.by('slow-handshake'),
  answersLateMs: ({ delayMs }) => delayMs,
  observe: (target, { delayMs, family: only }) =>
    observeEach(familiesOf(only), async (each) => {
      const { outcome, tookMs } = await target.probe.connect(target.name, each, delayMs + 2_000);
      return { seen: outcome === 'connected' && tookMs >= delayMs - 1, observed: `${outcome} after ${tookMs.toFixed(0)} ms` };
    }),
});
