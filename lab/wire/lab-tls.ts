/** In a lab that speaks HTTPS, a flow begins with TLS if the first bytes of the client do. Everything else is read as in a lab without TLS. */
import { Http1 } from './http1.ts';
import { Http2 } from './http2.ts';
import { Recognised } from './spoken.ts';
import type { FlowEnds, ProtocolMeans, StreamProtocol } from './stream.ts';
import { Tls } from './tls.ts';
import type { KeyLog } from './tls-keys.ts';

export class LabTls {
  readonly #keys: KeyLog;

  /** `keys`: the secrets of the lab's servers, which come while the lab runs. */
  constructor(keys: KeyLog) {
    this.#keys = keys;
  }

  protocolOf(ends: FlowEnds, means: ProtocolMeans): StreamProtocol {
    return new Recognised((spoken) => (spoken === 'tls' ? new Tls(ends, { ...means, keys: this.#keys, inside: (alpn) => insideOf(alpn, ends) }) : new Http1(ends)));
  }
}

/** A server may speak first in HTTP/2, so the protocol that both sides have agreed on counts. Without it, the first bytes of the client do. */
function insideOf(alpn: string | null, ends: FlowEnds): StreamProtocol {
  if (alpn === 'h2') return new Http2(ends);
  return new Recognised((spoken) => (spoken === 'http2' ? new Http2(ends) : new Http1(ends)));
}
