/**
 * The handshake works, and the certificate is one that the client must refuse (RFC 5280 section 6.1.3, RFC 9110 section 4.3.4). It is the client that ends
 * such a handshake. A client that does not look goes on as if nothing was wrong.
 */
import { choice } from '../vocabulary/options.ts';
import { misbehave } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';
import { observeHandshakes, ofFamily } from './observe-handshakes.ts';

/** The codes by which Node names what is wrong: those of OpenSSL (X509_STORE_CTX_get_error(3)), and its own one for names. */
const distrusts = {
  'expired': 'CERT_HAS_EXPIRED',
  'not-yet-valid': 'CERT_NOT_YET_VALID',
  'wrong-name': 'ERR_TLS_CERT_ALTNAME_INVALID',
  'unknown-issuer': 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'incomplete': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
} as const;
const kinds = Object.keys(distrusts) as (keyof typeof distrusts)[];

export const tlsCertificate = defineFault({
  summary: 'shows a certificate that no client may accept',
  effect: 'the client ends the handshake with an error about the certificate',
  on: ['backend'],
  needs: 'tls',
  options: { kind: choice(kinds, 'expired', 'what is wrong: its time, its names, its issuer, or the intermediate certificate that is not sent'), family: ofFamily },
  apply: async (target, { kind, family }) => {
    await target.giveCertificate(kind);
    return await misbehave(target, { certificate: kind }, family);
  },
  observe: (target, { kind, family }) => observeHandshakes(target, family, ({ distrust }) => distrust === distrusts[kind]),
});
