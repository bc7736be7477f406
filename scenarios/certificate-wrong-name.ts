import { defineScenario } from '../lab/run/scenario.ts';
import { measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken, brokenFirstChecks, failedAtFirst } from './tls-common.ts';

export const certificateWrongName = defineScenario({
  title: 'the first address has a certificate for another name: is the second one tried?',
  teaches: 'The name in the certificate is the only proof that an address belongs to the name that was asked for. A client cannot tell a wrong server from an attacker, so it ends the connection. Most clients try nothing else.',
  predict: 'DNS offers two IPv4 addresses. The first one shows a valid certificate of the right CA, for other.lab.test. Who notices, the client or the server? What does the caller get?',
  explains:
    'An address that was given to somebody else, or a load balancer that does not know the name and shows its default certificate: the handshake works, and the certificate is for somebody else. The client compares the name ' +
    'of the URL with the names in subjectAltName. Node gives the caller ERR_TLS_CERT_ALTNAME_INVALID, and the second address is not tried. The server learns little of it: Node closes the connection ' +
    'without an alert, so the log of the server shows a connection without a request. curl sends close_notify, and Go the alert bad_certificate. A stale DNS record ends like this (stale-dns): the error is about a certificate, ' +
    'and its cause is an address.',
  sources: ['RFC 9110 section 4.3.4 (the client must verify the name)', 'RFC 9525 section 6 (how a name is compared)', 'RFC 8446 section 4.4.2.4 (what a client does with a certificate that it does not accept)', 'Node lib/internal/tls/wrap.js, onConnectSecure; lib/tls.js, checkServerIdentity'],
  reproduces: ['S19'],
  https: true,
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-certificate', { kind: 'wrong-name' }),
  checks: brokenFirstChecks,
  contract: (result) => failedAtFirst(result, 'ERR_TLS_CERT_ALTNAME_INVALID'),
});
