/**
 * Makes keys and certificates (RFC 5280). Node has no function that makes a certificate. The packages that do are larger than all of what follows, and one of
 * them would be loaded into the process of whoever starts a lab in a test. openssl judges the result (certificates.test.ts), and each client (client/external/).
 */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { addressBytes } from '../../services/dns/records.ts';
import { domain } from '../vocabulary/topology.ts';
import { bitString, boolean, contextTag, der, integer, objectId, octetString, pem, sequence, set, time, utf8 } from './der.ts';

/** A certificate and its key (PEM, PKCS #8). */
export interface Issued {
  cert: string;
  key: string;
}

/** A certification authority: the root that clients are given, and the intermediate that signs the leaves. */
export interface Authority {
  root: Issued;
  intermediate: Issued;
}

/** From when until when a certificate is valid, in milliseconds since 1970. */
export interface Validity {
  fromMs: number;
  untilMs: number;
}

const dayMs = 86_400_000;
/** A CA is valid for ten years. It begins a day ago, because the clock of a virtual machine may be behind. */
const authorityDays = 3650;
const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));

/** Makes an authority. `name` is the first word of the names in its two certificates. */
export function issueAuthority(name: string): Authority {
  const validity = { fromMs: Date.now() - dayMs, untilMs: Date.now() + authorityDays * dayMs };
  const root = issue(`${name} root CA`, null, validity, authorityExtensions(1));
  return { root, intermediate: issue(`${name} intermediate CA`, root, validity, authorityExtensions(0)) };
}

/** Makes the certificate of a server, with a key of its own. `names` are its subject alternative names: host names and addresses. */
export function issueLeaf(issuer: Issued, names: readonly string[], validity: Validity): Issued {
  const alternatives = names.map((name) => (isIP(name) === 0 ? contextTag(2, Buffer.from(name)) : contextTag(7, addressBytes(name))));
  return issue(names[0] ?? '', issuer, validity, [
    extension('basicConstraints', true, sequence()),
    extension('keyUsage', true, bitString(Buffer.of(0b1000_0000), 7)),
    extension('extendedKeyUsage', false, sequence(objectId('1.3.6.1.5.5.7.3.1'))),
    extension('subjectAltName', false, sequence(...alternatives)),
  ]);
}

/** The extensions that are used here (RFC 5280 section 4.2.1). */
const extensionIds = {
  subjectKeyIdentifier: '2.5.29.14', keyUsage: '2.5.29.15', subjectAltName: '2.5.29.17', basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30', authorityKeyIdentifier: '2.5.29.35', extendedKeyUsage: '2.5.29.37',
};

function extension(name: keyof typeof extensionIds, critical: boolean, value: Buffer): Buffer {
  // DER leaves a default out, which is `false` here.
  return sequence(objectId(extensionIds[name]), ...(critical ? [boolean(true)] : []), octetString(value));
}

/** @param below - how many authorities may follow below this one (pathLenConstraint). */
function authorityExtensions(below: number): Buffer[] {
  return [
    extension('basicConstraints', true, sequence(boolean(true), integer(Buffer.of(below)))),
    // keyCertSign and cRLSign.
    extension('keyUsage', true, bitString(Buffer.of(0b0000_0110), 1)),
    extension('nameConstraints', true, sequence(der(0xa0, ...permitted.map((name) => sequence(name))))),
  ];
}

/**
 * The names for which these authorities may issue, so that the CA is no danger for a user who imports it: names of the lab, and IPv4 addresses of
 * 198.51.100.0/24 (RFC 5737). All IPv6 addresses are permitted, since a topology may have any IPv6 network.
 */
const permitted = [contextTag(2, Buffer.from(domain)), contextTag(7, Buffer.of(198, 51, 100, 0, 255, 255, 255, 0)), contextTag(7, Buffer.alloc(32))];

/** Issues a certificate. It signs itself if `issuer` is null. It has the key identifiers of both: RFC 5280 requires them, and `openssl verify -x509_strict`. */
function issue(commonName: string, issuer: Issued | null, { fromMs, untilMs }: Validity, extensions: readonly Buffer[]): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = sequence(set(sequence(objectId('2.5.4.3'), utf8(commonName))));
  const above = issuer === null ? null : new X509Certificate(issuer.cert);
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))), // version 3
    // Positive, and without a zero byte at its beginning.
    integer(Buffer.concat([Buffer.of(0x40), randomBytes(15)])),
    ecdsaWithSha256,
    above === null ? subject : sequence(set(sequence(objectId('2.5.4.3'), utf8(above.subject.replace(/^CN=/, ''))))),
    sequence(time(fromMs), time(untilMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(
      ...extensions,
      extension('subjectKeyIdentifier', false, octetString(keyIdentifier(publicKey))),
      extension('authorityKeyIdentifier', false, sequence(contextTag(0, keyIdentifier(above?.publicKey ?? publicKey)))),
    )),
  );
  const signature = sign('sha256', body, issuer === null ? privateKey : createPrivateKey(issuer.key));
  return { cert: pem('CERTIFICATE', sequence(body, ecdsaWithSha256, bitString(signature, 0))), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** The first way of RFC 5280 section 4.2.1.2: SHA-1 over the bits of the public key, which are the last 65 bytes of a key on P-256. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(key.export({ type: 'spki', format: 'der' }).subarray(-65)).digest();
}
