/** In a lab that speaks HTTPS, a flow begins with TLS if the first bytes of the client do. Everything else is read as in a lab without TLS. */
import { Http1 } from './http1.ts';
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
    return new Recognised((spoken) => (spoken === 'tls' ? new Tls(ends, { ...means, keys: this.#keys, inside: () => new Http1(ends) }) : new Http1(ends)));
  }
}
