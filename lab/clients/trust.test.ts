/** What is said, before a run, of a client that cannot do what a lab over HTTPS needs. client/external/https.test.ts has those that can. */
import { describe, expect, test } from 'vitest';
import { curl } from '../../client/external/curl.ts';
import { deno } from '../../client/external/deno.ts';
import { perlLwp } from '../../client/external/perl-lwp.ts';
import type { ClientHost } from '../../client/external/profile.ts';
import { pythonProfiles } from '../../client/external/python.ts';
import { scenarios } from '../../scenarios/index.ts';
import { clientOptionsOf } from '../run/lab-change.ts';
import { cert } from '../testing/tls-certificate.ts';
import type { ClientContext } from './stage-client.ts';
import { requireInstalled, withCa } from './trust.ts';

const asked = (client: string, options: object) => () => clientOptionsOf({ name: 'baseline', scenario: scenarios.baseline, client, clientOptions: options });

describe('a client that cannot', () => {
  test('speak TLS is refused for https, and not for http', () => {
    expect(asked('musl', { scheme: 'https' })).toThrow(/^Expected a client that speaks TLS and takes the lab's CA, because the lab is over HTTPS, got `musl`, which does not\. Those that do: node-18-fetch, .*\bcurl, .*chromium, chromium-async-dns\.$/);
    expect(asked('musl', {})).not.toThrow();
  });

  test('speak HTTP/2 is refused if it is asked for, and not otherwise', () => {
    const known = 'node-26-fetch, undici, undici-retry, undici-dns, got, superagent, deno, curl, python-httpx, python-httpx-async, python-httpx-http2, python-pycurl, go, go-cgo, java, java-newest, java-okhttp, libsoup, php, php-guzzle, chromium, chromium-async-dns';
    for (const client of ['wget', 'node-22-fetch', 'node-26-http', 'ruby']) {
      expect(asked(client, { scheme: 'https', http: '2' })).toThrow(`Expected a client that speaks HTTP/2, because \`http=2\` asks for it, got \`${client}\`, which cannot. Those that can: ${known}.`);
      for (const http of [null, '1.1']) expect(asked(client, { scheme: 'https', http })).not.toThrow();
    }
    for (const client of known.split(', ')) expect(asked(client, { scheme: 'https', http: '2' })).not.toThrow();
  });

  test('be known, because it is a command of the user, is not refused', () => {
    expect(asked('curl -sS {url}', { scheme: 'https', http: '2' })).not.toThrow();
  });
});

describe('a client of which a part is not installed', () => {
  /** A host on which each command that has one of these words in it fails. */
  const hostWithout = (...missing: string[]): ClientHost => ({
    root: '/lab', node: 'node',
    run: (argv) => Promise.resolve({ exitCode: missing.some((word) => argv.some((each) => each.includes(word))) ? 1 : 0, stdout: 'it 1.2.3', stderr: '' }),
  });

  test.each([
    ['HTTP/2', pythonProfiles['python-httpx'], 'import h2', 'The client `it` is on the client\'s host, but without HTTP/2. To get it: apt-get install python3-h2, or pip install h2.'],
    ['HTTPS', perlLwp, 'LWP::Protocol::https', 'The client `it` is on the client\'s host, but without HTTPS. To get it: apt-get install liblwp-protocol-https-perl.'],
  ] as const)('is found all the same, and refused where %s is asked for', async (what, profile, part, message) => {
    const [whole, found] = [await profile.find(hostWithout()), await profile.find(hostWithout(part))];
    if (!whole || !found) throw new Error('The client was not found.');
    expect(() => { requireInstalled('it', whole, true); }).not.toThrow();
    expect(() => { requireInstalled('it', found, true); }).toThrow(message);
    if (what === 'HTTP/2') expect(() => { requireInstalled('it', found, false); }).not.toThrow();
  });

  test('such as a curl that was built without HTTP/2', async () => {
    const found = await curl.find(hostWithout());
    expect(() => { if (found) requireInstalled('curl', found, true); }).toThrow('The client `curl` is on the client\'s host, but without HTTP/2. To get it: install a curl whose --version names HTTP2.');
  });
});

test('a client keeps the variables of its profile beside the one with the CA', async () => {
  const found = await deno.find({ root: '/lab', node: 'node', run: () => Promise.resolve({ exitCode: 0, stdout: 'deno 2.9.6', stderr: '' }) });
  if (!found) throw new Error('The client was not found.');
  const context = { tls: { caFile: '/ca.pem', ca: cert }, folder: '/own', driver: 'netns', externalHost: { run: () => Promise.resolve({ exitCode: 0, stdout: '\n\n', stderr: '' }) } };
  const { program } = await withCa(context as unknown as ClientContext, deno, found.program);
  expect(program.variables).toEqual({ DENO_NO_UPDATE_CHECK: '1', DENO_CERT: '/ca.pem' });
});
