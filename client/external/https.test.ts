/** Each client that is found, in one lab over HTTPS: it is answered because it was given the CA, and for no other reason. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clientOptions, type ClientOptions } from '../client-options.ts';
import { findClient } from '../../lab/clients/find-client.ts';
import { parseClient } from '../../lab/clients/index.ts';
import type { ClientContext, ClientTls } from '../../lab/clients/stage-client.ts';
import { netns } from '../../lab/network/drivers/netns.ts';
import { createLab, type Lab } from '../../lab/run/lab.ts';
import { clientContext } from '../../lab/run/stage.ts';
import { Timeline } from '../../lab/run/timeline.ts';
import { expectedOfClients } from '../../lab/testing/expected-clients.ts';
import { describeWith, type Need } from '../../lab/testing/testing.ts';
import { tshark } from '../../lab/testing/tshark.ts';
import { defaultsOf } from '../../lab/vocabulary/options.ts';
import { profiles, type ProfileName } from './index.ts';
import { inheritedVariables } from './tls.ts';

let lab: Lab;
let context: ClientContext;
/** By the server's address and the client's port: whether the client must have offered HTTP/2 on this connection. The kernel may give one port to connections to two addresses. */
const offersHttp2 = new Map<string, boolean>();

/** Makes one request with a client. Returns its result, and what the backends tell of its connections. */
async function ask(client: string, tls: ClientTls | null, options: Partial<ClientOptions> = {}) {
  const from = lab.timeline.events.length;
  const { start } = await findClient({ ...context, tls }, parseClient(client));
  const started = await start({ ...defaultsOf(clientOptions), scheme: 'https', ...options }, 60_000);
  const result = await started.get();
  await started.stop();
  await lab.settle();
  const events = lab.timeline.events.slice(from).filter((event) => 'from' in event && event.from === '198.51.100.200');
  return {
    result,
    connections: events.flatMap((event) => (event.event === 'backend:accept' ? [`${event.address} ${event.fromPort}`] : [])),
    requests: events.flatMap((event) => (event.event === 'backend:request' && event.path === '/' ? [event.method] : [])),
    alpn: events.flatMap((event) => (event.event === 'backend:tls' ? [event.alpn] : [])),
  };
}

const answered = (tellsStatus = true) => ({ ok: true, status: tellsStatus ? 200 : null, address: expect.stringMatching(/^198\.51\.100\.1[123]$/) as string });

describeWith('netns', 'in a lab over HTTPS', () => {
  beforeAll(async () => {
    lab = await createLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: { https: true } });
    await Promise.all([lab.startServices(), lab.startCapture()]);
    context = await clientContext(lab, undefined);
    // The environment of the tests has all that would have a client trust this CA, or any. No client may inherit it.
    for (const name of inheritedVariables) vi.stubEnv(name, /REJECT|VERIFY/.test(name) ? '0' : context.tls?.caFile);
  }, 60_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await lab[Symbol.asyncDispose]();
  });

  // Chromium's policy holds for all browsers that follow, so all clients are asked without the CA first.
  for (const [name, { needs, untrusted }] of Object.entries(expectedOfClients)) {
    if (!profiles[name as ProfileName].tls || !untrusted) continue;
    if (untrusted === 'not verified') {
      describeWith(needs, `${name} without the CA`, () => {
        test('verifies no certificate, so it is answered', { timeout: 60_000 }, async () => {
          expect((await ask(name, null)).result).toMatchObject(answered());
        });
      });
      continue;
    }
    describeWith(needs, `${name} without the CA`, () => {
      test('refuses the certificate of a CA that it was not given, and sends no request', { timeout: 60_000 }, async () => {
        const { result, requests } = await ask(name, null);
        expect(result).toMatchObject({ ok: false, error: expect.stringMatching(untrusted) as string });
        expect(requests).toEqual([]);
      });
    });
  }

  for (const [name, { needs, tellsStatus }] of Object.entries(expectedOfClients)) {
    const { tls } = profiles[name as ProfileName];
    if (!tls) continue;
    describeWith(needs, name, () => {
      test('is answered by a backend, and HTTP/2 is offered and chosen where the profile says so', { timeout: 60_000 }, async () => {
        const { result, connections, requests, alpn } = await ask(name, context.tls);
        expect(result).toMatchObject(answered(tellsStatus));
        expect(requests).toEqual(['GET']);
        for (const each of connections) offersHttp2.set(each, tls.http2 === 'by default');
        expect(alpn.length).toBeGreaterThan(0);
        for (const each of alpn) expect(each).toBeOneOf(tls.http2 === 'by default' ? ['h2'] : ['http/1.1', '']);
      });

      if (tls.http2 === 'by option') test('speaks HTTP/2 if it is asked for', { timeout: 60_000 }, async () => {
        const { result, connections, alpn } = await ask(name, context.tls, { http: '2' });
        expect(result).toMatchObject(answered(tellsStatus));
        for (const each of connections) offersHttp2.set(each, true);
        expect(new Set(alpn)).toEqual(new Set(['h2']));
      });
    });
  }

  describeWith('go', 'Go, which traces itself', () => {
    const handshakes = (from: number): unknown[] => lab.timeline.events.slice(from).filter(({ event }) => event.startsWith('client:tls-'));
    const address = expect.stringMatching(/^198\.51\.100\.1[123]$/) as string;

    test('tells the handshake that succeeded, and the one that failed, with its reason', { timeout: 60_000 }, async () => {
      const from = lab.timeline.events.length;
      const { result } = await ask('go', context.tls);
      expect(handshakes(from)).toMatchObject([
        { event: 'client:tls-start', connection: 1, address: result.address },
        { event: 'client:tls-done', connection: 1, address: result.address, version: 'TLS 1.3', cipher: expect.stringMatching(/^TLS_/) as string, alpn: 'h2', resumed: false, issuer: 'failover-lab intermediate CA' },
      ]);
      const failedFrom = lab.timeline.events.length;
      await ask('go', null);
      expect(handshakes(failedFrom)).toMatchObject([
        { event: 'client:tls-start', connection: 1, address },
        { event: 'client:tls-failed', connection: 1, address, error: 'x509: certificate signed by unknown authority', causes: ['x509: certificate signed by unknown authority'] },
      ]);
    });
  });

  describe('a command of a user', () => {
    const commands: { command: string; needs: Need[] }[] = [
      { command: 'curl -sS {url}', needs: ['curl'] },
      { command: 'wget -q -O - {url}', needs: ['wget'] },
      { command: `/usr/bin/python3 -c 'import requests, sys; print(requests.get(sys.argv[1]).text)' {url}`, needs: ['python'] },
      { command: `/usr/bin/python3 -c 'import httpx, sys; print(httpx.get(sys.argv[1]).text)' {url}`, needs: ['python'] },
      { command: `${process.execPath} --eval 'fetch(process.argv[1]).then((response) => response.text()).then(console.log)' {url}`, needs: [] },
      { command: `php -r '$curl = curl_init($argv[1]); if (!curl_exec($curl)) exit(1);' {url}`, needs: ['php'] },
      { command: `php -r 'echo file_get_contents($argv[1]);' {url}`, needs: ['php'] },
      { command: `perl -MLWP::UserAgent -e '$response = LWP::UserAgent->new->get($ARGV[0]); print $response->content; exit !$response->is_success' {url}`, needs: ['perl'] },
      { command: `ruby -ropen-uri -e 'puts URI.open(ARGV[0]).read' {url}`, needs: ['ruby'] },
      { command: 'chromium --headless=new --no-sandbox --disable-gpu --user-data-dir=. --dump-dom {url}', needs: ['chromium'] },
    ];
    for (const { command, needs } of commands) {
      describeWith(needs, command, () => {
        test('needs no word about the CA', { timeout: 60_000 }, async () => {
          expect((await ask(command, context.tls)).result).toMatchObject({ ok: true, body: expect.stringContaining('Hello, World from') as string });
        });
      });
    }

    describeWith('curl', 'that a scenario runs', () => {
      test('needs no word about the CA', { timeout: 60_000 }, async () => {
        const { start } = await findClient(context, parseClient('curl'));
        const { $ } = await start({ ...defaultsOf(clientOptions), scheme: 'https' }, 60_000);
        expect((await $`curl -sS ${context.url}`).stdout).toContain('Hello, World from');
      });
    });

    describeWith('java', 'in Java', () => {
      test('needs no word about the CA', { timeout: 60_000 }, async () => {
        const source = `${context.folder}-Mine.java`;
        await context.host.run(['sh', '-c', 'printf %s "$2" >"$1"', 'sh', source, 'class Mine { public static void main(String[] args) throws Exception { System.out.write(new java.net.URL(args[0]).openStream().readAllBytes()); } }']);
        expect((await ask(`java -XX:-UsePerfData ${source} {url}`, context.tls)).result).toMatchObject({ ok: true, body: expect.stringContaining('Hello, World from') as string });
        // The digest in the trust store is looked at only if a password is given.
        expect(await context.host.run(['keytool', '-list', '-keystore', `${context.folder}-ca/ca.jks`, '-storepass', 'changeit'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('failover-lab') as string });
      });
    });
  });

  describeWith('tshark', 'the packets', () => {
    test('have a handshake for the name on each connection of these clients, with HTTP/2 offered where they said so', { timeout: 60_000 }, async () => {
      const hellos = await tshark(lab.captureFile('') ?? Buffer.alloc(0), 'tls.handshake.type == 1 && ip.src == 198.51.100.200', ['ip.dst', 'tcp.srcport', 'tls.handshake.extensions_server_name', 'tls.handshake.extensions_alpn_str']);
      for (const [connection, http2] of offersHttp2) {
        const hello = hellos.find((each) => `${each['ip.dst']} ${each['tcp.srcport']}` === connection);
        expect({ connection, name: hello?.['tls.handshake.extensions_server_name'], http2: hello?.['tls.handshake.extensions_alpn_str'].split(',').includes('h2') }).toEqual({ connection, name: 'web.lab.test', http2 });
      }
      expect(offersHttp2.size).toBeGreaterThan(0);
    });
  });
});
