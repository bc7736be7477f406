/** The TLS handshakes of a connection, in the lane of its server. */
import type { Flow } from '../flows.ts';
import { duration, shortAddress, type Mark } from '../model.ts';

/**
 * One bar for each handshake that came to its end, and for a ClientHello that the server did not answer. What else a handshake came to is not known without keys, so it
 * has no bar. `closedMs`: when the connection ended.
 */
export function handshakeBars({ packets, address }: Flow, tone: Mark['tone'], closedMs: number): Mark[] {
  const hello = packets.find(({ event }) => event.event === 'wire:client-hello');
  if (!hello) return [];
  const fromMs = hello.event.tMs;
  const done = packets.find(({ event }) => event.event === 'wire:tls-done');
  const server = shortAddress(address);
  if (done?.event.event === 'wire:tls-done') {
    const { ms, version, alpn, resumed } = done.event;
    const took = duration(ms);
    return [{ fromMs, toMs: done.event.tMs, tone, look: 'outline', labels: [`TLS ${took}`, 'TLS'], title: `TLS handshake with ${server}: ${version}${alpn === undefined ? '' : `, ${alpn}`}${resumed ? ', resumed' : ''}, after ${took}`, events: [hello.index, done.index] }];
  }
  const isAnswered = packets.some(({ event }) => event.event === 'wire:server-hello' || event.event === 'wire:tls-alert');
  if (isAnswered) return [];
  const waited = duration(closedMs - fromMs);
  return [{ fromMs, toMs: closedMs, tone: 'failed', look: 'dashed', labels: [`TLS not answered ${waited}`, 'TLS not answered', 'TLS'], title: `TLS handshake with ${server}: no answer of TLS for ${waited}`, events: [hello.index] }];
}
