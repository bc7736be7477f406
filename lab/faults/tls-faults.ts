/** The faults of TLS: the handshake is missing, late, broken, or one that a client must refuse. */
import { tlsAlert } from './tls-alert.ts';
import { tlsAlpn } from './tls-alpn.ts';
import { tlsCertificate } from './tls-certificate.ts';
import { tlsClose } from './tls-close.ts';
import { tlsLargeHello } from './tls-large-hello.ts';
import { tlsOldVersion } from './tls-old-version.ts';
import { tlsPlaintext } from './tls-plaintext.ts';
import { tlsSlowHandshake } from './tls-slow-handshake.ts';
import { tlsStall } from './tls-stall.ts';
import { tlsTicketKeys } from './tls-ticket-keys.ts';
import { tlsTruncation } from './tls-truncation.ts';

export const tlsFaults = {
  'tls-stall': tlsStall,
  'tls-slow-handshake': tlsSlowHandshake,
  'tls-close': tlsClose,
  'tls-alert': tlsAlert,
  'tls-plaintext': tlsPlaintext,
  'tls-certificate': tlsCertificate,
  'tls-alpn': tlsAlpn,
  'tls-old-version': tlsOldVersion,
  'tls-large-hello': tlsLargeHello,
  'tls-truncation': tlsTruncation,
  'tls-ticket-keys': tlsTicketKeys,
};
