/**
 * Captures that the lab did not make: which end of a flow has opened it, and what it speaks, is seen from the packets, or not known. Nothing is taken
 * from a port number but DNS.
 */
import { dnsPort } from '../vocabulary/topology.ts';
import { Http1 } from './http1.ts';
import { Http2 } from './http2.ts';
import type { TcpSegment } from './packets.ts';
import { Recognised, spokenBy, type Spoken } from './spoken.ts';
import type { FlowEnds, ProtocolMeans, StreamProtocol } from './stream.ts';
import { Tls } from './tls.ts';
import type { KeyLog } from './tls-keys.ts';

/** Looks at the flows of a capture, and counts what it has seen. */
export class Foreign {
  /** How many connections of the client speak what. One that carried no bytes of the client counts nowhere. */
  readonly spoken: Record<Spoken, number> = nothing();
  /** The same of what is inside the TLS connections that could be decrypted. */
  readonly inside: Record<Spoken, number> = nothing();
  /** How many TLS connections could be decrypted. */
  decrypted = 0;
  readonly #keys: KeyLog;
  readonly #unknown = new Set<string>();

  /** `keys`: of TLS connections. It has those of a connection when its packets are read, or never. */
  constructor(keys: KeyLog) {
    this.#keys = keys;
  }

  /** How many connections began before the capture, and do not show who has opened them. */
  get unknownFlows(): number {
    return this.#unknown.size;
  }

  /** Which end has opened a flow whose first SYN is not known, by the first segment that tells it. `key` is a name for the flow. */
  openerOf(segment: TcpSegment, isSent: boolean, port: number, key: string): 'client' | 'other end' | 'unknown' {
    // A SYN opens a connection, and the other end answers it with SYN and ACK.
    if (segment.syn) return segment.ack === isSent ? 'other end' : 'client';
    if (port === dnsPort) return 'client';
    const spoken = spokenBy(segment.payload);
    if (spoken === null || spoken === 'other') {
      if (this.#unknown.size < mostUnknown) this.#unknown.add(key);
      return 'unknown';
    }
    this.#unknown.delete(key);
    return isSent ? 'client' : 'other end';
  }

  protocolOf(ends: FlowEnds, means: ProtocolMeans): StreamProtocol {
    return new Recognised((spoken) => {
      this.spoken[spoken]++;
      if (spoken !== 'tls') return httpOf(spoken, ends);
      return new Tls(ends, { ...means, keys: this.#keys, inside: (alpn) => this.#insideOf(alpn, ends), onRead: () => { this.decrypted += 1; } });
    });
  }

  #insideOf(alpn: string | null, ends: FlowEnds): StreamProtocol {
    // A server may speak first in HTTP/2.
    if (alpn === 'h2') {
      this.inside.http2++;
      return new Http2(ends);
    }
    return new Recognised((spoken) => {
      this.inside[spoken]++;
      return httpOf(spoken, ends);
    });
  }
}

function httpOf(spoken: Spoken, ends: FlowEnds): StreamProtocol | null {
  return spoken === 'http' ? new Http1(ends) : spoken === 'http2' ? new Http2(ends) : null;
}

function nothing(): Record<Spoken, number> {
  return { http: 0, tls: 0, http2: 0, other: 0 };
}

/** A scan of all ports makes very many of them. */
const mostUnknown = 100_000;
