/** TLS with the keys (`lab read --keys`), held against tshark: what real clients and servers said, in each version and cipher. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { captureLines, limitsOf } from '../report/captured-lines.ts';
import { fuzz } from '../testing/fuzz.ts';
import { framesOf, tapped } from '../testing/tapped.ts';
import { describeWith, until, whyMissing } from '../testing/testing.ts';
import { cert, key } from '../testing/tls-certificate.ts';
import { tshark } from '../testing/tshark.ts';
import { buildPcapng } from '../wire/pcapng.ts';
import { readForeignCapture, readKeyLog, type ForeignCapture } from './foreign-capture.ts';
import { startLab, type Lab } from './lab.ts';
import { Timeline } from './timeline.ts';

/** Two requests on each connection, so a server that reads one keeps the connection. The second port wants a curve that clients do not offer first: a HelloRetryRequest. */
const server = `
const options = ${JSON.stringify({ key, cert })};
const answer = (request, response) => { request.resume().on('end', () => { response.statusCode = request.url === '/none' ? 404 : 200; response.end('x'.repeat(40_000)); }); };
let open = 2;
for (const [port, more] of [[8443, {}], [8444, { ecdhCurve: 'P-521' }]]) require('https').createServer({ ...options, ...more }, answer).listen(port, process.argv[1], () => { if (--open === 0) console.log('listening'); });
`;
const cases: [name: string, ...args: string[]][] = [
  ['1.3 AES-128', '--tls13-ciphers', 'TLS_AES_128_GCM_SHA256'],
  ['1.3 AES-256', '--tls13-ciphers', 'TLS_AES_256_GCM_SHA384'],
  ['1.3 ChaCha20', '--tls13-ciphers', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['1.2 AES-128', '--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['1.2 AES-256', '--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['1.2 ChaCha20', '--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
];

describeWith(['netns', 'tcpdump', 'tshark', 'curl'], 'TLS with its keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const [capture, keyLog] = [join(folder, 'capture.pcap'), join(folder, 'keys.log')];
  let client: string;

  beforeAll(async () => {
    const lab: Lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    try {
      const { hosts } = lab.topology;
      const address = hosts['backend-1'].ipv4;
      client = hosts.client.ipv4;
      const serving = await lab.host('backend-1').start([lab.network.runtime.node, '--eval', server, address]);
      const listening = new Promise<void>((resolve) => { serving.onLine((line) => { if (line === 'listening') resolve(); }); });
      const { nodeArgv } = await import('../network/programs.ts');
      const dump = await lab.host('client').start([...nodeArgv('services/keep-root.ts'), 'tcpdump', '--immediate-mode', '-B', '65536', '-U', '-i', 'eth0', '-w', capture, 'tcp portrange 8443-8444']);
      const ask = async (port: number, args: readonly string[]): Promise<string> => {
        const url = `https://web.lab.test:${port}`;
        const { stdout } = await lab.host('client').run(['env', `SSLKEYLOGFILE=${keyLog}`, 'curl', '-sS', '--insecure', '--http1.1', '--resolve', `web.lab.test:${port}:${address}`, '-o', '/dev/null', '-w', '%{http_code} ', ...args, `${url}/first`, '-o', '/dev/null', `${url}/none`]);
        return stdout;
      };
      await listening;
      // Nothing of what counts may happen before tcpdump has a packet in its file. Each connection comes to its end, so that none is half in it.
      await until(async () => ((await ask(8443, [])) === '200 404 ' && existsSync(capture) && readFileSync(capture).length > 200 ? true : undefined), 'a capture with packets');
      for (const [name, ...args] of cases) expect([name, await ask(8443, args)]).toEqual([name, '200 404 ']);
      expect(await ask(8444, [])).toBe('200 404 ');
      let size = 0;
      await until(() => { const now = readFileSync(capture).length; const isSame = now === size; size = now; return isSame ? true : undefined; }, 'the last packet in the file');
      await Promise.all([dump, serving].map(async (process) => { await process.signal('SIGTERM'); await process.exited; }));
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  }, 120_000);
  afterAll(() => { rmSync(folder, { recursive: true }); });

  const statuses = ({ events }: ForeignCapture): number[] => events.flatMap((event) => (event.event === 'wire:response' ? [Number(/ (\d{3})/.exec(event.line)?.[1])] : []));

  test('every request and response is read, in each version and with each cipher, as tshark reads them', { timeout: 60_000 }, async () => {
    const read = await readForeignCapture(capture, [client], await readKeyLog(keyLog));
    const rows = await tshark(readFileSync(capture), 'http', ['http.request.method', 'http.response.code'], ['-o', `tls.keylog_file:${keyLog}`]);
    const judged = rows.flatMap((row) => row['http.response.code'].split(',').filter(Boolean).map(Number));
    // Those of the cases, and those of the second port. The file may begin in the middle of the requests before them.
    expect(judged.length).toBeGreaterThanOrEqual(2 * cases.length + 2);
    expect(statuses(read)).toEqual(judged);
    const { tls } = read.spoken;
    expect(read.inside).toEqual({ spoken: { http: tls, tls: 0, http2: 0, other: 0 }, connections: tls });
    expect(captureLines('capture.pcap', read).join('\n')).toContain(`${tls} TLS, of which ${tls} could be decrypted: ${tls} HTTP/1.1`);
    expect(limitsOf(read).join()).not.toContain('TLS connection');
  });

  test('without keys, and with keys of other connections, it says what it cannot read', async () => {
    const without = await readForeignCapture(capture, [client]);
    expect([statuses(without), without.inside]).toEqual([[], null]);
    expect(captureLines('capture.pcap', without).join('\n')).toContain('TLS (its requests cannot be read)');
    const others = join(folder, 'others.log');
    writeFileSync(others, `# a comment\nCLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}\n`);
    const read = await readForeignCapture(capture, [client], await readKeyLog(others));
    expect(statuses(read)).toEqual([]);
    expect(limitsOf(read).join()).toContain(`what ${read.spoken.tls} TLS connections said: no key fits`);
  });

  test.each([
    ['no such file', null, 'ENOENT'],
    ['a file without a key', 'hello\nCLIENT_RANDOM zz yy\n', 'has no key of a TLS connection. Expected lines such as `CLIENT_TRAFFIC_SECRET_0'],
  ])('%s is refused with one message', async (_, text, message) => {
    const file = join(folder, 'wrong.log');
    if (text === null) rmSync(file, { force: true });
    else writeFileSync(file, text);
    await expect(readKeyLog(file)).rejects.toThrow(message);
  });

  fuzz('TLS with mistakes in its bytes', {
    inputs: 60,
    accepted: 50,
    make: (dice) => dice.mutated(readFileSync(capture)),
    check: async (bytes) => {
      const file = join(folder, 'broken.pcap');
      writeFileSync(file, bytes);
      const read = await readForeignCapture(file, [client], await readKeyLog(keyLog)).catch((error: unknown) => error as Error);
      if (!(read instanceof Error)) return true;
      expect(read.message).toMatch(/capture|packet/);
      return false;
    },
  });
});

test('a file with the keys in it, as a run writes it, is read with them: HTTP/2 inside TLS, however many other keys stand before', async () => {
  const lines: string[] = [];
  const server = createSecureServer({ key, cert });
  server.on('keylog', (line: Buffer) => lines.push(line.toString()));
  server.on('stream', (stream) => { stream.respond({ ':status': 204 }); stream.end(); });
  const frames = framesOf(await tapped(server, async (port) => {
    const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    await once(session.request({ ':path': '/inside' }).resume(), 'close');
    session.close();
    await once(session, 'close');
  }));
  // More than one block of secrets holds.
  const others = Array.from({ length: 8_000 }, (_, index) => `CLIENT_RANDOM ${String(index).padStart(64, '0')} ${'ab'.repeat(48)}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  const file = join(folder, 'wire.pcapng');
  const write = (secrets: string): Buffer => {
    const bytes = buildPcapng({ frames, interfaceName: 'eth0', interfaceDescription: '', dropped: 0, application: '', comment: '', secrets, names: [], remarks: [] });
    writeFileSync(file, bytes);
    return bytes;
  };
  const bytes = write([...others, ...lines].join(''));
  // Each block of secrets has the letters TLSK, in the byte order of the file.
  expect(bytes.toString('latin1').split('KSLT')).toHaveLength(3);
  const read = await readForeignCapture(file);
  expect(read.events.flatMap((event) => ('line' in event ? [event.line] : []))).toEqual(['GET /inside HTTP/2', 'HTTP/2 204']);
  expect(read.inside).toEqual({ spoken: { http: 0, tls: 0, http2: 1, other: 0 }, connections: 1 });
  expect(captureLines('wire.pcapng', read).join('\n')).toContain('1 TLS, of which 1 could be decrypted: 1 HTTP/2');
  if (whyMissing('tshark') === null) expect(await tshark(bytes, 'http2.headers.path', ['http2.headers.path'])).toEqual([{ 'http2.headers.path': '/inside' }]);
  write('');
  const without = await readForeignCapture(file);
  expect([without.inside, without.events.filter((event) => 'line' in event)]).toEqual([null, []]);
  expect(without.events.filter(({ event }) => event.startsWith('wire:')).map(({ event }) => event)).toEqual(expect.arrayContaining(['wire:client-hello', 'wire:server-hello']));
});
