/** How a backend makes the TLS handshake, well or broken. */
import { domain } from '../../lab/vocabulary/topology.ts';
import { choice, integer, type OptionValues } from '../../lab/vocabulary/options.ts';

/** The certificates that a backend can show, and what is wrong with each one. For `good`: nothing (docs/tls.md). */
export const certificateKinds = {
  good: 'valid, with the names and the addresses of the backend',
  expired: 'it ended yesterday',
  'not-yet-valid': 'it begins tomorrow',
  'wrong-name': `it is for other.${domain} only`,
  'unknown-issuer': 'a CA that no client knows has issued it',
  incomplete: 'the good one, but the server does not send the intermediate certificate',
} as const;
export type CertificateKind = keyof typeof certificateKinds;

const longestMs = 600_000;

export const tlsBehaviourOptions = {
  tlsAnswer: choice(['handshake', 'silence', 'alert', 'fin', 'rst', 'plaintext'], 'handshake', 'what answers the ClientHello of a new connection: the handshake, nothing, a fatal alert, the end of the connection, or HTTP without TLS'),
  tlsDelayMs: integer(0, 0, 'time between the ClientHello of a new connection and its answer', longestMs),
  largestHelloBytes: integer(0, 0, 'reset a connection whose ClientHello is larger, as a middlebox does that expects it in one packet; 0 takes any', 65_535),
  certificate: choice(Object.keys(certificateKinds) as CertificateKind[], 'good', 'the certificate for new connections'),
  alpn: choice(['offered', 'http/1.1', 'none'], 'offered', 'the protocols that the server accepts in ALPN: those that the lab offers, HTTP/1.1 alone, or none'),
  tlsVersions: choice(['new', 'old'], 'new', 'the versions that the server accepts: TLS 1.2 and 1.3, or TLS 1.1 alone'),
  ticketKeys: choice(['own', 'shared', 'changed'], 'own', 'the keys of session tickets: of this backend alone, the same for all backends that say `shared`, or others than its own'),
  closeNotify: choice(['send', 'leave-out'], 'send', 'whether a connection that the server ends says so first, in TLS (RFC 8446 section 6.1)'),
};

export type TlsBehaviour = OptionValues<typeof tlsBehaviourOptions>;
