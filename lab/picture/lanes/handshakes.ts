/** The TLS handshakes of connections: bars in the lane of a server, and what a request waits for. */
import type { Flow } from '../flows.ts';
import { duration, shortAddress, type Mark } from '../model.ts';

interface Handshake {
  fromMs: number;
  /** Null if the packets do not show its end. */
  doneMs: number | null;
  /** Its version, protocol and whether it resumed a session, in words. */
  result: string;
  /** The server has sent something of TLS. */
  isAnswered: boolean;
  events: number[];
}

/** The handshake of a connection, or null if it has none. */
export function handshakeOf({ packets }: Flow): Handshake | null {
  const hello = packets.find(({ event }) => event.event === 'wire:client-hello');
  if (!hello) return null;
  const done = packets.find(({ event }) => event.event === 'wire:tls-done');
  const isAnswered = packets.some(({ event }) => event.event === 'wire:server-hello' || (event.event === 'wire:tls-alert' && event.sender === 'server'));
  if (done?.event.event !== 'wire:tls-done') return { fromMs: hello.event.tMs, doneMs: null, result: '', isAnswered, events: [hello.index] };
  const { version, alpn, resumed, tMs } = done.event;
  return { fromMs: hello.event.tMs, doneMs: tMs, result: `${version}${alpn === undefined ? '' : `, ${alpn}`}${resumed ? ', resumed' : ''}`, isAnswered, events: [hello.index, done.index] };
}

/**
 * One bar for a handshake that came to its end, and for a ClientHello that the server did not answer. What else a handshake came to is not known without keys, so it
 * has no bar. `closedMs`: when the connection ended.
 */
export function handshakeBars(flow: Flow, tone: Mark['tone'], closedMs: number): Mark[] {
  const handshake = handshakeOf(flow);
  if (!handshake) return [];
  const { fromMs, doneMs, result, isAnswered, events } = handshake;
  const server = shortAddress(flow.address);
  if (doneMs !== null) {
    const took = duration(doneMs - fromMs);
    return [{ fromMs, toMs: doneMs, tone, look: 'outline', labels: [`TLS ${took}`, 'TLS'], title: `TLS handshake with ${server}: ${result}, after ${took}`, events }];
  }
  if (isAnswered) return [];
  const waited = duration(closedMs - fromMs);
  return [{ fromMs, toMs: closedMs, tone: 'failed', look: 'dashed', labels: [`TLS not answered ${waited}`, 'TLS not answered', 'TLS'], title: `TLS handshake with ${server}: no answer of TLS for ${waited}`, events }];
}
