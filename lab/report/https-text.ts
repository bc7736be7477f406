/** What the findings of TLS and HTTP/2 say in a summary. */
import type { HttpsFindings } from '../analysis/https.ts';

/** Null if no TLS handshake came to its end. */
export function tlsText({ tlsHandshakes, resumed, handshakeMs }: HttpsFindings): string | null {
  if (!tlsHandshakes || handshakeMs === null) return null;
  return `${tlsHandshakes} ${tlsHandshakes === 1 ? 'handshake' : 'handshakes'}${resumed ? `, ${resumed} resumed` : ''}, the first one in ${handshakeMs.toFixed(1)} ms`;
}

/** Null without HTTP/2. */
export function http2Text({ streamsPerConnection: streams = [] }: Partial<HttpsFindings>): string | null {
  // The journal of an older run does not have these findings.
  if (streams.length === 0) return null;
  return `${streams.join(', ')} requests on ${streams.length} ${streams.length === 1 ? 'connection' : 'connections'}`;
}
