/** What the packets say about TLS and HTTP/2: handshakes, and how many requests each HTTP/2 connection carried. */
import type { TimelineEvent } from '../vocabulary/events.ts';

/** A part of `Findings`. Null means that there was nothing to measure. */
export interface HttpsFindings {
  /** How many TLS handshakes of the client came to their end. Null if no wire was captured. */
  tlsHandshakes: number | null;
  /** How many of them resumed a session. Null if no wire was captured. */
  resumed: number | null;
  /** How long the first of them took: from the first byte of its ClientHello to the later Finished. The time that both programs compute is in it. Null if there was none. */
  handshakeMs: number | null;
  /** How many requests each HTTP/2 connection carried, in the order in which they connected. Empty without HTTP/2. */
  streamsPerConnection: number[];
}

/** `events` are in the order of their times. */
export function httpsFindings(events: readonly TimelineEvent[]): HttpsFindings {
  const captured = events.some(({ witness }) => witness === 'wire');
  const done = events.filter((event) => event.event === 'wire:tls-done');
  return {
    tlsHandshakes: captured ? done.length : null,
    resumed: captured ? done.filter(({ resumed }) => resumed).length : null,
    handshakeMs: done[0]?.ms ?? null,
    streamsPerConnection: http2Connections(events),
  };
}

function http2Connections(events: readonly TimelineEvent[]): number[] {
  const connections: { isHttp2: boolean; requests: number }[] = [];
  const current = new Map<string, { isHttp2: boolean; requests: number }>();
  for (const event of events) {
    if (event.witness !== 'wire' || !('localPort' in event) || !('port' in event)) continue;
    const key = `${event.address} ${event.port} ${event.localPort}`;
    let connection = current.get(key);
    if (!connection || event.event === 'wire:syn') {
      connection = { isHttp2: false, requests: 0 };
      connections.push(connection);
      current.set(key, connection);
    }
    if (event.event.startsWith('wire:h2-') || (event.event === 'wire:tls-done' && event.alpn === 'h2')) connection.isHttp2 = true;
    if (event.event === 'wire:request') connection.requests = event.count;
  }
  return connections.filter(({ isHttp2 }) => isHttp2).map(({ requests }) => requests);
}
