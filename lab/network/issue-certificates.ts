/**
 * Makes keys and certificates with @peculiar/x509, because Node has no function that makes a certificate, and `openssl` 3.0 cannot set the beginning of
 * one. Loading it takes 200 ms, so only certificates.ts imports this module, and only when the cache does not have what is asked for.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { isIP } from 'node:net';
import { domain } from '../vocabulary/topology.ts';

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
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** A CA is valid for ten years. It begins a day ago, because the clock of a virtual machine may be behind. */
const authorityDays = 3650;

/** Makes an authority. `name` is the first word of the names in its two certificates. */
export async function issueAuthority(name: string): Promise<Authority> {
  const validity = { fromMs: Date.now() - dayMs, untilMs: Date.now() + authorityDays * dayMs };
  const root = await issue(`CN=${name} root CA`, null, validity, authorityExtensions(1));
  return { root, intermediate: await issue(`CN=${name} intermediate CA`, root, validity, authorityExtensions(0)) };
}

/** Makes the certificate of a server, with a key of its own. `names` are its subject alternative names: host names and addresses. */
export async function issueLeaf(issuer: Issued, names: readonly string[], validity: Validity): Promise<Issued> {
  return await issue(`CN=${names[0] ?? ''}`, issuer, validity, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
  ]);
}

/** @param below - how many authorities may follow below this one (RFC 5280 section 4.2.1.9, pathLenConstraint). */
function authorityExtensions(below: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, below, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    new x509.Extension('2.5.29.30', true, nameConstraints),
  ];
}

/** One value in DER (X.690): its tag, its length, which is below 128 here, and its content. */
function der(tag: number, ...content: Uint8Array[]): Uint8Array {
  return Buffer.concat([[tag, Buffer.concat(content).length], ...content].map((part) => Uint8Array.from(part)));
}

/**
 * The names for which these authorities may issue (RFC 5280 section 4.2.1.10), so that the CA is no danger for a user who imports it: names of the lab, and
 * IPv4 addresses of 198.51.100.0/24 (RFC 5737). All IPv6 addresses are permitted, since a topology may have any IPv6 network.
 */
const nameConstraints = der(0x30, der(0xa0, ...[der(0x82, Buffer.from(domain)), der(0x87, Uint8Array.of(198, 51, 100, 0, 255, 255, 255, 0)), der(0x87, new Uint8Array(32))].map((name) => der(0x30, name))));

/** Issues a certificate. It signs itself if `issuer` is null. The key identifiers of both are in it: RFC 5280 requires them, and `openssl verify -x509_strict`. */
async function issue(subject: string, issuer: Issued | null, { fromMs, untilMs }: Validity, extensions: x509.Extension[]): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const above = issuer === null ? null : new x509.X509Certificate(issuer.cert);
  const signingKey = issuer === null ? keys.privateKey : await crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(issuer.key), algorithm, false, ['sign']);
  const certificate = await x509.X509CertificateGenerator.create({
    // Positive, and without a zero byte at its beginning (RFC 5280 section 4.1.2.2, X.690 section 8.3.2).
    serialNumber: `40${Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString('hex')}`,
    subject,
    issuer: above?.subject ?? subject,
    notBefore: new Date(fromMs),
    notAfter: new Date(untilMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(above?.publicKey ?? keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n` };
}
