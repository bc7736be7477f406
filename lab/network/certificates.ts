/**
 * The certificates of the lab's backends, and the CA that issues them. They are made once and kept in the user's cache folder:
 * so a user can import the CA once, and a lab is up some 20 ms sooner. They never come near the CA certificates of this machine: each client is given the lab's CA for its run. docs/tls.md
 */
import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { domain, webName, type BackendName, type Topology } from '../vocabulary/topology.ts';
import type { CertificateKind } from '../../services/backend/tls-behaviour.ts';
import type { KeyPair } from '../../services/backend/tls.ts';
import { issueAuthority, issueLeaf, type Authority, type Issued, type Validity } from './issue-certificates.ts';

/** The certificates of one lab. */
export interface Certificates {
  /** The certificate of the root CA (PEM), which a client must be given. */
  ca: string;
  /** Returns a certificate of a backend. It is made now if the cache does not have it. */
  of(backend: BackendName, kind: CertificateKind): KeyPair;
}

const dayMs = 86_400_000;
/** A certificate that ends sooner is made anew. */
const leastLeftMs = 30 * dayMs;
/** Apple's limit for certificates of servers, and so the strictest one, is 398 days. */
const leafDays = 397;
/** The files of another version of this module are never read. */
const formatVersion = 2;

/** The file in the cache that has the certificate of the root CA alone, for a user who wants to import it. */
const rootName = 'ca.pem';

/** The folder of the cache: `$XDG_CACHE_HOME/failover-lab/tls`, or below ~/.cache. XDG_CACHE_HOME counts only as an absolute path (XDG Base Directory Specification). */
export function certificatesFolder({ XDG_CACHE_HOME: cache = '' }: NodeJS.ProcessEnv = process.env): string {
  return join(isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'failover-lab/tls', `v${formatVersion}`);
}

/**
 * Returns the certificates for the backends of a topology. The CA is read from the cache folder, or made. If the folder cannot be written, the certificates
 * exist for this process only.
 */
export function certificatesFor(topology: Topology, folder = certificatesFolder()): Certificates {
  const authority = authorityIn(folder, 'authority', 'failover-lab');
  const rootFile = join(folder, rootName);
  if (read(rootFile, ([root]) => root) !== authority.root.cert) write(rootFile, [authority.root.cert]);
  return {
    ca: authority.root.cert,
    of: (backend, kind) => {
      if (kind !== 'incomplete') return leafOf(topology, backend, kind, authority, folder);
      const { key, cert } = leafOf(topology, backend, 'good', authority, folder);
      return { key, cert: blocksOf(cert)[0] ?? '' };
    },
  };
}

function leafOf(topology: Topology, backend: BackendName, kind: Exclude<CertificateKind, 'incomplete'>, trusted: Authority, folder: string): KeyPair {
  const authority = kind === 'unknown-issuer' ? authorityIn(folder, 'unknown-authority', 'unknown') : trusted;
  const names = kind === 'wrong-name' ? [`other.${domain}`] : namesOf(topology, backend);
  // The addresses of a backend depend on the topology.
  const hash = createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 16);
  const file = join(folder, `${backend}-${kind}-${hash}.pem`);
  const kept = read(file, ([key = '', leaf = '', intermediate = '']) => {
    const certificate = new X509Certificate(leaf);
    // The file has the intermediate that issued the leaf. It is another one if the authority has been made anew since.
    if (!isUsable(certificate, kind) || !certificate.checkPrivateKey(createPrivateKey(key)) || intermediate !== authority.intermediate.cert) return null;
    return { key, cert: leaf + intermediate };
  });
  if (kept !== null) return kept;
  const { key, cert } = issueLeaf(authority.intermediate, names, validityOf(kind));
  write(file, [key, cert, authority.intermediate.cert]);
  return { key, cert: cert + authority.intermediate.cert };
}

/** The names and addresses for which a client may ask for this backend: a scenario may give it any name of the domain. It has its spare addresses under the fault `move`. */
function namesOf({ hosts, spares }: Topology, backend: BackendName): string[] {
  return [webName, `${backend}.${domain}`, `*.${domain}`, hosts[backend].ipv4, hosts[backend].ipv6, spares[backend].ipv4, spares[backend].ipv6];
}

function validityOf(kind: CertificateKind): Validity {
  const now = Date.now();
  if (kind === 'expired') return { fromMs: now - 90 * dayMs, untilMs: now - dayMs };
  if (kind === 'not-yet-valid') return { fromMs: now + dayMs, untilMs: now + 90 * dayMs };
  return { fromMs: now - dayMs, untilMs: now + (leafDays - 1) * dayMs };
}

/** Whether a certificate from the cache is still what `kind` says, and stays so for a while. One that begins tomorrow is valid the day after. */
function isUsable({ validFromDate, validToDate }: X509Certificate, kind: CertificateKind): boolean {
  if (kind === 'expired') return validToDate.getTime() < Date.now();
  if (kind === 'not-yet-valid') return validFromDate.getTime() > Date.now() + dayMs / 2;
  return validToDate.getTime() > Date.now() + leastLeftMs;
}

/** Returns the authority of this name from the cache, or makes it. */
function authorityIn(folder: string, name: string, words: string): Authority {
  const kept = read(join(folder, `${name}.pem`), ([rootKey = '', root = '', key = '', intermediate = '']) => {
    const issued = (cert: string, keyOfIt: string): Issued | null => {
      const certificate = new X509Certificate(cert);
      return isUsable(certificate, 'good') && certificate.checkPrivateKey(createPrivateKey(keyOfIt)) ? { cert, key: keyOfIt } : null;
    };
    const [above, below] = [issued(root, rootKey), issued(intermediate, key)];
    return above && below && { root: above, intermediate: below };
  });
  if (kept !== null) return kept;
  const { root, intermediate } = issueAuthority(words);
  write(join(folder, `${name}.pem`), [root.key, root.cert, intermediate.key, intermediate.cert]);
  return { root, intermediate };
}

/** Returns what `parse` makes of the PEM blocks of a file. Null if there is no such file, if it cannot be read or parsed, and if `parse` refuses it. */
function read<Content>(file: string, parse: (blocks: string[]) => Content | null | undefined): Content | null {
  try {
    return parse(blocksOf(readFileSync(file, 'utf8'))) ?? null;
  } catch {
    return null;
  }
}

/** Writes a file that only this user can read. Several labs may do so at once: each reader sees one whole file. It is no error if it cannot be written. */
function write(file: string, blocks: readonly string[]): void {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    const folder = join(file, '..');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // The mode of mkdir is for a new folder only.
    chmodSync(folder, 0o700);
    writeFileSync(unfinished, blocks.join(''), { mode: 0o600 });
    renameSync(unfinished, file);
  } catch {
    if (existsSync(unfinished)) rmSync(unfinished);
  }
}

function blocksOf(pem: string): string[] {
  return pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g) ?? [];
}
