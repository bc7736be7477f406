/** The faults of TLS in a real lab, judged by curl and openssl on the client's host: while in force and after healing, in each family. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { describeWith } from '../testing/testing.ts';
import { describeUnhealed } from '../testing/unhealed.ts';
import { addressOf, createTopology, httpsPort, webName, type BackendName, type Family } from '../vocabulary/topology.ts';
import { tlsFaults } from './tls-faults.ts';

const { backends: backendNames } = createTopology();
const startHttpsLab = (): Promise<Lab> => startLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: { https: true } });

/** What the two programs say of one address. */
interface Seen {
  /** curl's exit status and the status of the response, and what curl says about it. */
  curl: string;
  /** What `openssl s_client` writes: the response, or errors. */
  openssl: string;
}

const delayMs = 300;
const served = (body: RegExp) => ({ curl: /^0 200 $/, openssl: body });
const healthy = served(/Hello, World from \S+\n$/);
const untrusted = (curl: RegExp, openssl: RegExp) => ({ curl, openssl });

interface Case {
  fault: keyof typeof tlsFaults;
  options?: Record<string, string | number>;
  seen: { curl: RegExp; openssl: RegExp };
  /** The shortest possible time of curl's handshake, in milliseconds. */
  tookMs?: number;
}

const cases: Case[] = [
  { fault: 'tls-stall', seen: { curl: /^28 000 .*timed out/, openssl: /^$/ } },
  { fault: 'tls-slow-handshake', options: { delayMs }, seen: healthy, tookMs: delayMs - 1 },
  { fault: 'tls-close', seen: { curl: /^35 000 .*SSL_ERROR_SYSCALL/, openssl: /unexpected eof while reading/ } },
  { fault: 'tls-close', options: { ending: 'rst' }, seen: { curl: /^35 000 .*Connection reset by peer/, openssl: /^write:errno=104/ } },
  { fault: 'tls-alert', seen: { curl: /^35 000 .*alert handshake failure/, openssl: /SSL alert number 40\n/ } },
  { fault: 'tls-plaintext', seen: { curl: /^35 000 .*wrong version number/, openssl: /wrong version number/ } },
  { fault: 'tls-certificate', seen: untrusted(/^60 000 .*certificate has expired/, /verify error:num=10:/) },
  { fault: 'tls-certificate', options: { kind: 'not-yet-valid' }, seen: untrusted(/^60 000 .*certificate is not yet valid/, /verify error:num=9:/) },
  { fault: 'tls-certificate', options: { kind: 'wrong-name' }, seen: untrusted(/^60 000 .*no alternative certificate subject name matches/, /verify error:num=62:/) },
  { fault: 'tls-certificate', options: { kind: 'unknown-issuer' }, seen: untrusted(/^60 000 .*unable to get local issuer certificate/, /verify error:num=20:/) },
  { fault: 'tls-certificate', options: { kind: 'incomplete' }, seen: untrusted(/^60 000 .*unable to get local issuer certificate/, /verify error:num=20:/) },
  { fault: 'tls-alpn', seen: { curl: /^35 000 .*alert no application protocol/, openssl: /SSL alert number 120\n/ } },
  // OpenSSL 3 refuses the signature of TLS 1.1 in its default security level. Another client gets the alert protocol_version.
  { fault: 'tls-old-version', seen: { curl: /^35 000 .*(legacy sigalg|protocol version)/, openssl: /legacy sigalg|alert number 70/ } },
  // curl pads its ClientHello to more than 512 bytes (RFC 7685). openssl's has less.
  { fault: 'tls-large-hello', options: { bytes: 500 }, seen: { curl: /^35 000 .*Connection reset by peer/, openssl: healthy.openssl } },
  { fault: 'tls-large-hello', seen: healthy },
  // Without Content-Length, curl 7.88 takes half a body for the whole one. openssl says that close_notify is missing.
  { fault: 'tls-truncation', seen: served(/\r\n\r\nHello, World [^\n]*unexpected eof while reading/) },
  { fault: 'tls-ticket-keys', seen: healthy },
  { fault: 'tls-ticket-keys', options: { keys: 'shared' }, seen: healthy },
];

test('every fault of the table has a case, and says that it needs TLS', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(tlsFaults)));
  expect(Object.values(tlsFaults).map(({ needs }) => needs)).toEqual(Object.keys(tlsFaults).map(() => 'tls'));
});

describeWith(['netns', 'curl', 'openssl'], 'faults of TLS', () => {
  let lab: Lab;
  let caFile: string;
  beforeAll(async () => {
    lab = await startHttpsLab();
    caFile = `${lab.network.scratch}/ca.pem`;
    await lab.host('client').run(['sh', '-c', 'printf %s "$2" >"$1"', 'sh', caFile, lab.trust.ca ?? '']);
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const openssl = async (backend: BackendName, family: Family, words: string): Promise<string> => {
    const address = addressOf(lab.topology, backend, family);
    const connect = `${family === 6 ? `[${address}]` : address}:${httpsPort}`;
    const argv = ['sh', '-c', `printf 'GET / HTTP/1.1\\r\\nHost: web\\r\\nConnection: close\\r\\n\\r\\n' | timeout 2 openssl s_client -alpn http/1.1 -connect '${connect}' -CAfile '${caFile}' -ign_eof ${words} 2>&1`];
    return (await lab.host('client').run(argv)).stdout;
  };
  const curl = async (backend: BackendName, family: Family): Promise<string> => {
    const address = addressOf(lab.topology, backend, family);
    const argv = ['curl', '-sS', '--http1.1', '--max-time', '2', '--cacert', caFile, '--output', '/dev/null', '--write-out', '%{exitcode} %{http_code} ', `https://${family === 6 ? `[${address}]` : address}:${httpsPort}/`];
    const { stdout, stderr } = await lab.host('client').run(argv);
    return `${stdout}${stderr.split('\n')[0] ?? ''}`;
  };
  const look = async (backend: BackendName, family: Family): Promise<Seen> => {
    const [byCurl, byOpenssl] = await Promise.all([curl(backend, family), openssl(backend, family, `-quiet -verify_return_error -verify_hostname ${webName}`)]);
    return { curl: byCurl, openssl: byOpenssl };
  };
  const both = (backend: BackendName): Promise<Seen[]> => Promise.all(([4, 6] as const).map((family) => look(backend, family)));
  const like = ({ curl: ofCurl, openssl: ofOpenssl }: Case['seen']) => ({ curl: expect.stringMatching(ofCurl) as string, openssl: expect.stringMatching(ofOpenssl) as string });

  describe.for(backendNames.map((backend, index) => ({ backend, mine: cases.filter((_, at) => at % backendNames.length === index) })))('on $backend', { concurrent: true }, ({ backend, mine }) => {
    test('curl and openssl meet each fault while it is in force, and a healthy server after it', { timeout: 60_000 }, async () => {
      for (const { fault, options = {}, seen, tookMs } of mine) {
        const title = `${fault} ${JSON.stringify(options)}`;
        const applied = await lab.apply(fault, backend, options);
        const startMs = performance.now();
        expect(await both(backend), title).toEqual([like(seen), like(seen)]);
        if (tookMs !== undefined) expect(performance.now() - startMs, title).toBeGreaterThan(tookMs);
        await applied.heal();
        expect(await both(backend), `after ${title}`).toEqual([like(healthy), like(healthy)]);
      }
      expect(lab.doubts.filter((doubt) => doubt.includes(backend))).toEqual([]);
    });
  });

  test('two faults on one backend, each for one family: neither changes the other one, and each heals by itself', async () => {
    const stalled = await lab.apply('tls-stall', 'backend-1', { family: 6 });
    const closing = await lab.apply('tls-close', 'backend-1', { family: 4, ending: 'rst' });
    const [reset, silent] = [{ curl: /^35 .*reset by peer/, openssl: /^write:errno=104/ }, { curl: /^28 .*timed out/, openssl: /^$/ }];
    expect(await both('backend-1')).toEqual([like(reset), like(silent)]);
    await stalled.heal();
    expect(await both('backend-1')).toEqual([like(reset), like(healthy)]);
    await closing.heal();
    expect(await both('backend-1')).toEqual([like(healthy), like(healthy)]);
    expect(lab.doubts).toEqual([]);
  });

  test('openssl meets TLS 1.1 under tls-old-version, and it is the only version', async () => {
    const asking = (version: string): Promise<string> => openssl('backend-2', 4, `${version} -cipher DEFAULT@SECLEVEL=0`);
    // Without the extension supported_versions, the server answers with TLS 1.1, and the client refuses it.
    const refused = /SSL alert number 70\n|unsupported protocol/;
    const old = await lab.apply('tls-old-version', 'backend-2');
    expect(await asking('-tls1_1')).toContain('Hello, World from ');
    for (const other of ['-tls1', '-tls1_2', '-tls1_3']) expect(await asking(other), other).toMatch(refused);
    await old.heal();
    expect(await asking('-tls1_1')).toMatch(refused);
  });

  test('a ticket is worth something at a backend with its key only', async () => {
    const [session, sharedSession] = [`${lab.network.scratch}/session`, `${lab.network.scratch}/shared`];
    const handshake = async (backend: BackendName, words: string) => /^(New|Reused), TLSv1\.3/m.exec(await openssl(backend, 4, words))?.[1];
    expect([await handshake('backend-1', `-sess_out ${session}`), await handshake('backend-1', `-sess_in ${session}`), await handshake('backend-2', `-sess_in ${session}`)]).toEqual(['New', 'Reused', 'New']);
    const changed = await lab.apply('tls-ticket-keys', 'backend-1');
    expect(await handshake('backend-1', `-sess_in ${session}`)).toBe('New');
    await changed.heal();
    expect(await handshake('backend-1', `-sess_in ${session}`)).toBe('Reused');
    const shared = [await lab.apply('tls-ticket-keys', 'backend-1', { keys: 'shared' }), await lab.apply('tls-ticket-keys', 'backend-2', { keys: 'shared' })];
    expect([await handshake('backend-1', `-sess_out ${sharedSession}`), await handshake('backend-2', `-sess_in ${sharedSession}`), await handshake('backend-3', `-sess_in ${sharedSession}`)]).toEqual(['New', 'Reused', 'New']);
    for (const each of shared) await each.heal();
    expect(lab.doubts).toEqual([]);
  });

  test('new ticket keys are healed, also where a new process has lost the old ones', async () => {
    const changed = await lab.apply('tls-ticket-keys', 'backend-2');
    const killed = await lab.apply('kill', 'backend-2');
    await killed.heal();
    await changed.heal();
    expect(lab.doubts).toEqual([]);
  });

  test('a certificate that was asked for by hand is shown by the next process, too', async () => {
    await lab.behave('backend-3', { certificate: 'expired' });
    expect(lab.misbehaving).toEqual([{ backend: 'backend-3', text: 'certificate=expired' }]);
    const killed = await lab.apply('kill', 'backend-3');
    await killed.heal();
    expect(await curl('backend-3', 6)).toMatch(/^60 000 .*certificate has expired/);
    expect(await lab.restoreBehaviour('backend-3')).toEqual({ seen: true, observed: 'IPv4 200, IPv6 200' });
    expect(await curl('backend-3', 6)).toMatch(/^0 200 $/);
    expect(lab.doubts).toEqual([]);
  });
});

describeUnhealed('a fault of TLS that does not heal', Object.keys(tlsFaults), { https: true });

describeWith('netns', 'on a lab over HTTPS that speaks HTTP/1.1 alone', () => {
  test('a behaviour of HTTP/2 is bad input, also beside one of TLS', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: { https: true, http: '1.1' } });
    await expect(lab.behave('backend-1', { tlsDelayMs: 1, goaway: 'error' })).rejects.toThrow('The behaviour goaway=error needs HTTP/2.');
    expect(lab.misbehaving).toEqual([]);
  });
});

describeWith('netns', 'on a lab without TLS', () => {
  test('a fault and a behaviour of TLS are bad input, and nothing changes', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const expected = 'Expected a lab with scheme=https, got one with scheme=http.';
    for (const name of Object.keys(tlsFaults)) await expect(lab.apply(name, 'backend-1')).rejects.toMatchObject({ code: 'BAD_INPUT', message: `The fault ${name} needs TLS. ${expected}` });
    await expect(lab.behave('backend-1', { certificate: 'expired' })).rejects.toMatchObject({ code: 'BAD_INPUT', message: `The behaviour certificate=expired needs TLS. ${expected}` });
    expect([lab.inForce, lab.misbehaving, lab.doubts, lab.timeline.events.filter(({ event }) => event.startsWith('fault:') || event === 'backend:behaviour')]).toEqual([[], [], [], []]);
    // As on every lab, a field may be given the value that it has.
    await lab.behave('backend-1', { certificate: 'good', delayMs: 1 });
  });
});
