/** openssl is the judge: it accepts the good chain by its strictest rules, and refuses each other one with the error that it is made for. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { describeWith } from '../testing/testing.ts';
import { createTopology } from '../vocabulary/topology.ts';
import type { CertificateKind } from '../../services/backend/tls-behaviour.ts';
import type { KeyPair } from '../../services/backend/tls.ts';
import { certificatesFolder, certificatesFor, type Certificates } from './certificates.ts';
import { issueAuthority, issueLeaf } from './issue-certificates.ts';
import { localRuntime } from './programs.ts';

const topology = createTopology();

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  return folder;
}

/** What `openssl verify` says of a chain: `OK`, or its error number, the depth of the certificate at fault, and the text. */
function judge(ca: string, { cert }: Pick<KeyPair, 'cert'>, ...more: string[]): string {
  const folder = temporaryFolder();
  const [caFile, certFile] = [join(folder, 'ca.pem'), join(folder, 'chain.pem')];
  writeFileSync(caFile, ca);
  writeFileSync(certFile, cert);
  const { status, stdout, stderr } = spawnSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', caFile, '-untrusted', certFile, ...more, certFile], { encoding: 'utf8' });
  return status === 0 && stdout.trim() === `${certFile}: OK` ? 'OK' : (/error (\d+ at \d+ depth lookup: .*)/.exec(stderr)?.[1] ?? `${stdout}${stderr}`);
}

const textOf = ({ cert }: Pick<KeyPair, 'cert'>, ...words: string[]): string => spawnSync('openssl', ['x509', '-noout', ...words], { input: cert, encoding: 'utf8' }).stdout;

/** The certificates of three backends, as a lab asks for them at its start. */
function atStart(certificates: Certificates): KeyPair[] {
  return topology.backends.map((backend) => certificates.of(backend, 'good'));
}

describeWith('openssl', 'the chain of a backend', () => {
  test('is accepted for its names, and for the addresses that it has and may get', () => {
    const { ca, of } = certificatesFor(topology, temporaryFolder());
    const good = of('backend-2', 'good');
    for (const name of ['web.lab.test', 'backend-2.lab.test', 'any.lab.test']) expect(judge(ca, good, '-verify_hostname', name)).toBe('OK');
    for (const address of ['198.51.100.12', '2001:db8:1::12', '198.51.100.62', '2001:db8:1::62']) expect(judge(ca, good, '-verify_ip', address)).toBe('OK');
    expect(judge(ca, good, '-verify_hostname', 'a.b.lab.test')).toBe('62 at 0 depth lookup: hostname mismatch');
    expect(judge(ca, good, '-verify_ip', '198.51.100.11')).toBe('64 at 0 depth lookup: IP address mismatch');
  });

  test.each<[CertificateKind, string]>([
    ['good', 'OK'],
    ['expired', '10 at 0 depth lookup: certificate has expired'],
    ['not-yet-valid', '9 at 0 depth lookup: certificate is not yet valid'],
    ['wrong-name', '62 at 0 depth lookup: hostname mismatch'],
    // The intermediate is there, and its issuer is not.
    ['unknown-issuer', '20 at 1 depth lookup: unable to get local issuer certificate'],
    // The intermediate is not there.
    ['incomplete', '20 at 0 depth lookup: unable to get local issuer certificate'],
  ])('%s: openssl says %s, today and again from the cache', (kind, verdict) => {
    const folder = temporaryFolder();
    for (const certificates of [certificatesFor(topology, folder), certificatesFor(topology, folder)]) {
      expect(judge(certificates.ca, certificates.of('backend-1', kind), '-verify_hostname', 'web.lab.test')).toBe(verdict);
    }
  });

  test('of the wrong name is right for the other name; the expired one was right two days ago, and the one of tomorrow is in two days', () => {
    const { ca, of } = certificatesFor(topology, temporaryFolder());
    const seconds = Date.now() / 1_000;
    const at = (days: number): string[] => ['-attime', String(Math.round(seconds + days * 86_400))];
    expect(judge(ca, of('backend-1', 'wrong-name'), '-verify_hostname', 'other.lab.test')).toBe('OK');
    // The CA itself is a day old, so it is not asked whether it was valid before.
    expect(textOf(of('backend-1', 'expired'), '-enddate')).toContain(new Date((seconds - 86_400) * 1_000).toUTCString().slice(8, 11));
    expect(judge(ca, of('backend-1', 'not-yet-valid'), ...at(2))).toBe('OK');
    expect(judge(ca, of('backend-1', 'good'), ...at(360))).toBe('OK');
    expect(judge(ca, of('backend-1', 'good'), ...at(398))).toBe('10 at 0 depth lookup: certificate has expired');
  });

  test('is of no use for a name outside of the lab, even with the key of the CA', () => {
    const { root, intermediate } = issueAuthority('failover-lab');
    const validity = { fromMs: Date.now() - 1_000, untilMs: Date.now() + 86_400_000 };
    for (const [name, verdict] of [['a.lab.test', 'OK'], ['example.com', '47 at 0 depth lookup: permitted subtree violation'], ['192.0.2.1', '47 at 0 depth lookup: permitted subtree violation']] as const) {
      for (const issuer of [root, intermediate]) {
        const { cert } = issueLeaf(issuer, [name], validity);
        expect(judge(root.cert, { cert: cert + intermediate.cert }), name).toBe(verdict);
      }
    }
  });

  test('has a key of its own for each backend, and a positive serial number of its own', () => {
    const good = atStart(certificatesFor(topology, temporaryFolder()));
    expect(new Set(good.map((each) => textOf(each, '-pubkey'))).size).toBe(3);
    const serials = good.map((each) => textOf(each, '-serial').trim());
    expect(new Set(serials).size).toBe(3);
    for (const serial of serials) expect(serial).toMatch(/^serial=40[\dA-F]{30}$/);
  });
});

describeWith('openssl', 'the cache', () => {
  const files = (folder: string): string[] => readdirSync(folder).sort();

  test('gives the same keys again, for its owner only; a bad certificate is made when it is asked for', () => {
    const folder = join(temporaryFolder(), 'tls/v2');
    const first = certificatesFor(topology, folder);
    const good = atStart(first);
    expect(files(folder).map((name) => name.replace(/-[\da-f]{16}/, ''))).toEqual(['authority.pem', 'backend-1-good.pem', 'backend-2-good.pem', 'backend-3-good.pem', 'ca.pem']);
    expect(readFileSync(join(folder, 'ca.pem'), 'utf8')).toBe(first.ca);
    for (const name of files(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const expired = first.of('backend-1', 'expired');
    expect(files(folder)).toHaveLength(6);
    const second = certificatesFor(topology, folder);
    expect({ ca: second.ca, good: atStart(second), expired: second.of('backend-1', 'expired') }).toEqual({ ca: first.ca, good, expired });
  });

  test('has other certificates for other addresses', () => {
    const folder = temporaryFolder();
    const [one, other] = [certificatesFor(topology, folder), certificatesFor(createTopology({ ipv6Network: 'fd00:1ab:1:' }), folder)];
    expect(other.ca).toBe(one.ca);
    expect((other.of('backend-1', 'good')).cert).not.toBe((one.of('backend-1', 'good')).cert);
  });

  test.each(['', 'nonsense', 'truncated'])('makes a file anew that cannot be used: %j', (content) => {
    const folder = temporaryFolder();
    const first = certificatesFor(topology, folder);
    const { ca } = first;
    atStart(first);
    const leaf = files(folder).find((name) => name.startsWith('backend-1')) ?? '';
    const spoil = (name: string): void => { writeFileSync(join(folder, name), content === 'truncated' ? readFileSync(join(folder, name), 'utf8').slice(0, -80) : content); };
    spoil(leaf);
    const again = certificatesFor(topology, folder);
    expect(again.ca).toBe(ca);
    const made = again.of('backend-1', 'good');
    expect(judge(ca, made)).toBe('OK');
    expect(certificatesFor(topology, folder).of('backend-1', 'good')).toEqual(made);
    // A new CA: the old leaves are not taken for its own.
    spoil('authority.pem');
    const anew = certificatesFor(topology, folder);
    expect(anew.ca).not.toBe(ca);
    for (const each of atStart(anew)) expect(judge(anew.ca, each)).toBe('OK');
    expect(readFileSync(join(folder, 'ca.pem'), 'utf8')).toBe(anew.ca);
  });

  test('is not used for a certificate that has less than 30 days left, nor for one of tomorrow that is valid soon', () => {
    const folder = temporaryFolder();
    const now = Date.now();
    onTestFinished(() => { vi.useRealTimers(); });
    const inDays = (days: number, kind: CertificateKind): string => {
      vi.useFakeTimers({ now: now + days * 86_400_000, toFake: ['Date'] });
      return certificatesFor(topology, folder).of('backend-1', kind).cert;
    };
    const [good, tomorrow] = [inDays(0, 'good'), inDays(0, 'not-yet-valid')];
    expect(inDays(365, 'good')).toBe(good);
    expect(inDays(367, 'good')).not.toBe(good);
    expect(inDays(0.4, 'not-yet-valid')).toBe(tomorrow);
    expect(inDays(0.6, 'not-yet-valid')).not.toBe(tomorrow);
  });

  test('is not needed: where it cannot be written, there are certificates all the same', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const certificates = certificatesFor(topology, join(file, 'tls'));
    for (const each of atStart(certificates)) expect(judge(certificates.ca, each)).toBe('OK');
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('is shared by processes that fill it at the same time', { timeout: 60_000 }, async () => {
    const folder = join(temporaryFolder(), 'tls');
    mkdirSync(folder);
    const script = `
      const { certificatesFor } = await import(${JSON.stringify(join(localRuntime.root, 'lab/network/certificates.ts'))});
      const { createTopology } = await import(${JSON.stringify(join(localRuntime.root, 'lab/vocabulary/topology.ts'))});
      const certificates = certificatesFor(createTopology(), ${JSON.stringify(folder)});
      console.log(JSON.stringify({ ca: certificates.ca, good: ['backend-1', 'backend-2', 'backend-3'].map((name) => certificates.of(name, 'good')) }));`;
    const runs = await Promise.all(Array.from({ length: 4 }, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
      return JSON.parse(stdout) as { ca: string; good: KeyPair[] };
    }));
    for (const { ca, good } of runs) for (const each of good) expect(judge(ca, each)).toBe('OK');
    // What is left is whole, and from one CA.
    const before = files(folder);
    expect(before.filter((name) => !name.endsWith('.pem'))).toEqual([]);
    const { ca, of } = certificatesFor(topology, folder);
    expect(readFileSync(join(folder, 'ca.pem'), 'utf8')).toBe(ca);
    expect(judge(ca, of('backend-3', 'good'))).toBe('OK');
    expect(runs.some((run) => run.ca === ca)).toBe(true);
  });

  test('is below XDG_CACHE_HOME if that is an absolute path, and otherwise below ~/.cache', () => {
    expect(certificatesFolder({ XDG_CACHE_HOME: '/somewhere' })).toBe('/somewhere/failover-lab/tls/v2');
    for (const XDG_CACHE_HOME of ['', 'relative', undefined]) expect(certificatesFolder({ XDG_CACHE_HOME })).toMatch(/^\/.*\/\.cache\/failover-lab\/tls\/v2$/);
  });
});
