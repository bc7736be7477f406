/** TLS as real clients and servers speak it, held against tshark, which is given the same frames and keys. */
import { spawn } from 'node:child_process';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttps, get, Agent } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { connect, createSecureContext, createServer as createTls, TLSSocket, type ConnectionOptions, type TlsOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { framesOf, tapped, type Conversation } from '../testing/tapped.ts';
import { describeWith } from '../testing/testing.ts';
import { cert, key } from '../testing/tls-certificate.ts';
import { tshark } from '../testing/tshark.ts';
import type { EmittedEvent, EventName } from '../vocabulary/events.ts';
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { WireDecoder } from './decoder.ts';
import { LabTls } from './lab-tls.ts';
import { buildPcapng } from './pcapng.ts';
import { KeyLog } from './tls-keys.ts';
import { cipherName } from './tls-names.ts';

const { client } = createTopology().hosts;

/** What a test has recorded: the frames, and the lines of the server's key log. */
interface Recorded {
  frames: CapturedFrame[];
  lines: string[];
}

async function record(server: Server, use: (port: number) => Promise<unknown>): Promise<Recorded> {
  const lines: string[] = [];
  server.on('keylog', (line: Buffer) => lines.push(line.toString()));
  const conversation: Conversation = await tapped(server, use);
  return { frames: framesOf(conversation), lines };
}

/** Reads the frames. `addAt`: with which frame the keys come; after all frames if there is no such frame. Without lines, no keys will come. */
function read({ frames, lines }: Recorded, addAt = 0): EmittedEvent[] {
  const keys = new KeyLog({ isComplete: lines.length === 0 });
  const late: EmittedEvent[] = [];
  const decoder = new WireDecoder([client.ipv4], { tls: new LabTls(keys), onLate: (event) => late.push(event) });
  const events = frames.flatMap((frame, index) => {
    if (index === addAt) for (const line of lines) keys.add(line);
    return decoder.decode(frame);
  });
  if (addAt >= frames.length) for (const line of lines) keys.add(line);
  return [...events, ...late].sort((one, other) => one.atMs - other.atMs);
}

const ofType = <Name extends EventName>(events: readonly EmittedEvent[], name: Name) => events.filter((event): event is Extract<EmittedEvent, { event: Name }> => event.event === name);
const pcapng = ({ frames, lines }: Recorded): Buffer => buildPcapng({ frames, interfaceName: 'eth0', interfaceDescription: '', dropped: 0, application: '', comment: '', secrets: lines.join(''), names: [], remarks: [] });

/** An HTTPS server whose body needs several records. */
const https = (options: TlsOptions = {}): Server => createHttps({ key, cert, ...options }, (request, response) => { response.statusCode = request.url === '/none' ? 404 : 200; response.end('x'.repeat(40_000)); });
/** Two requests on one connection, which ends in order. */
async function ask(port: number, options: ConnectionOptions = {}): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false, host: '127.0.0.1', servername: 'web.lab.test', ...options });
  for (const path of ['/', '/none']) {
    await new Promise<void>((resolve, reject) => get({ port, path, agent, host: '127.0.0.1' }, (response) => { response.resume().on('end', resolve); }).on('error', reject));
  }
  agent.destroy();
}

const fields = ['frame.number', 'tls.handshake.type', 'tls.handshake.length', 'tls.handshake.ciphersuite', 'tls.alert_message.desc', 'http.request.method', 'http.response.code'] as const;
type Field = (typeof fields)[number];

/** What tshark finds in the file, with no preference set: the values of a field, each with the number of its frame, which is our time. */
async function judge(recorded: Recorded): Promise<(field: Field) => [value: string, atMs: number][]> {
  const rows = await tshark(pcapng(recorded), 'tls or http', fields);
  return (field) => rows.flatMap((row) => row[field].split(',').filter(Boolean).map((value): [string, number] => [value, Number(row['frame.number'])]));
}

/** Runs `openssl s_client` until it ends. Each line is written when the last one has had an effect: when it has printed a text. */
async function openssl(port: number, args: readonly string[], lines: readonly [after: RegExp, line: string][]): Promise<void> {
  const process = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'web.lab.test', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  const left = [...lines];
  const onData = (data: Buffer): void => {
    printed += data.toString();
    while (left[0]?.[0].test(printed) === true) {
      process.stdin.write(left.shift()?.[1] ?? '');
      printed = '';
    }
  };
  process.stdout.on('data', onData);
  process.stderr.on('data', onData);
  process.stdin.on('error', () => undefined);
  await once(process, 'close');
}

const cases: [name: string, server: TlsOptions, client: ConnectionOptions][] = [
  ['1.3', {}, {}],
  ['1.3 with another ClientHello', { ecdhCurve: 'P-521' }, {}],
  ['1.3 with ALPN', { ALPNProtocols: ['http/1.1'] }, { ALPNProtocols: ['h2', 'http/1.1'] }],
  ['1.2', { maxVersion: 'TLSv1.2' }, {}],
  ['1.2 with ALPN', { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }, { ALPNProtocols: ['http/1.1'] }],
];

describeWith(['tshark', 'openssl'], 'TLS', () => {
  test.each(cases)('%s: hellos, handshake, requests and the orderly end are those that tshark shows, with the secrets in the file alone', async (name, server, options) => {
    const recorded = await record(https(server), (port) => ask(port, options));
    const [events, judged] = [read(recorded), await judge(recorded)];
    /** The frames of the handshake messages of a type, and the lengths of the messages. */
    const messages = (type: number): { atMs: number; length: number }[] => judged('tls.handshake.type').flatMap(([each, atMs], index) => (each === String(type) ? [{ atMs, length: Number(judged('tls.handshake.length')[index]?.[0]) }] : []));
    const hellos = ofType(events, 'wire:client-hello');
    expect(hellos.map(({ serverName, bytes }) => [serverName, bytes])).toEqual(messages(1).map(({ length }) => ['web.lab.test', length + 4]));
    expect(hellos[0]).toMatchObject({ alpn: options.ALPNProtocols ?? [], versions: ['TLS 1.3', 'TLS 1.2'], resumes: false, atMs: 3 });
    const answers = ofType(events, 'wire:server-hello');
    const isOld = name.startsWith('1.2');
    expect(answers.map(({ version, atMs }) => [version, atMs])).toEqual(messages(2).map(({ atMs }) => [isOld ? 'TLS 1.2' : 'TLS 1.3', atMs]));
    const [suite] = judged('tls.handshake.ciphersuite').find(([, atMs]) => atMs === messages(2)[0]?.atMs) ?? [];
    expect([cipherName(Number(suite)), answers.map(({ retry }) => retry)]).toEqual([answers[0]?.cipher, hellos.length === 2 ? [true, false] : [false]]);
    // With the second of two hellos, a handshake takes one round trip more.
    expect(hellos).toHaveLength(name.includes('another') ? 2 : 1);
    const finished = messages(20).map(({ atMs }) => atMs);
    expect(finished).toHaveLength(2);
    const doneMs = Math.max(...finished);
    const done = ofType(events, 'wire:tls-done');
    expect(done).toMatchObject([{ atMs: doneMs, ms: doneMs - 3, version: isOld ? 'TLS 1.2' : 'TLS 1.3', resumed: false }]);
    expect(done[0]?.alpn).toBe(options.ALPNProtocols && 'http/1.1');
    expect(ofType(events, 'wire:request').map(({ line, count }) => [line, count])).toEqual([['GET / HTTP/1.1', 1], ['GET /none HTTP/1.1', 2]]);
    expect(ofType(events, 'wire:request').map(({ atMs }) => atMs)).toEqual(judged('http.request.method').map(([, atMs]) => atMs));
    expect(ofType(events, 'wire:response').map(({ line }) => /\d{3}/.exec(line)?.[0])).toEqual(judged('http.response.code').map(([status]) => status));
    const alerts = ofType(events, 'wire:tls-alert');
    expect(alerts.map(({ alert, atMs }) => [alert, atMs])).toEqual(judged('tls.alert_message.desc').map(([, atMs]) => ['close_notify', atMs]));
    // Node's agent closes its connections without close_notify, and the server says it.
    expect([alerts.map(({ sender }) => sender), ofType(events, 'wire:tls-truncated').map(({ sender }) => sender)]).toEqual([['server'], ['client']]);
  });

  test.each(cases)('%s: keys that come at any moment, and one by one, give the same events with the times of their frames', async (_, server, options) => {
    const recorded = await record(https(server), (port) => ask(port, options));
    const inTime = read(recorded);
    for (let addAt = 1; addAt <= recorded.frames.length; addAt++) expect([addAt, read(recorded, addAt)]).toEqual([addAt, inTime]);
    const keys = new KeyLog();
    const late: EmittedEvent[] = [];
    const decoder = new WireDecoder([client.ipv4], { tls: new LabTls(keys), onLate: (event) => late.push(event) });
    const events = recorded.frames.flatMap((frame) => [...decoder.decode(frame), ...(frame.number > 6 && frame.number % 3 === 0 ? (keys.add(recorded.lines.shift() ?? ''), []) : [])]);
    expect([...events, ...late].sort((one, other) => one.atMs - other.atMs)).toEqual(inTime);
    expect(late.length).toBeGreaterThan(0);
  });

  test.each(['TLSv1.3', 'TLSv1.2'] as const)('%s: the second connection resumes the session of the first one', async (version) => {
    const recorded = await record(https({ minVersion: version, maxVersion: version }), async (port) => {
      let session: Buffer | undefined;
      for (let count = 0; count < 2; count++) {
        const socket = connect({ port, host: '127.0.0.1', servername: 'web.lab.test', rejectUnauthorized: false, ...(session && { session }) });
        socket.on('session', (ticket: Buffer) => { session = ticket; });
        socket.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n');
        await once(socket.resume(), 'close');
      }
    });
    const events = read(recorded);
    expect(ofType(events, 'wire:client-hello').map(({ resumes }) => resumes)).toEqual([false, true]);
    expect(ofType(events, 'wire:server-hello').map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(ofType(events, 'wire:tls-done').map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(ofType(events, 'wire:response')).toHaveLength(2);
    // A server that resumes a session sends no certificate.
    expect((await judge(recorded))('tls.handshake.type').filter(([type]) => type === '11')).toHaveLength(1);
  });

  test('1.2 without tickets: a server that has forgotten the session gives it a new id, and that resumes nothing', async () => {
    const recorded = await record(https({ maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET }), async (port) => {
      let session: Buffer | undefined;
      for (let count = 0; count < 2; count++) {
        const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2', ...(session && { session }) });
        socket.on('session', (id: Buffer) => { session = id; });
        socket.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n');
        await once(socket.resume(), 'close');
      }
    });
    const events = read(recorded);
    expect(ofType(events, 'wire:client-hello').map(({ resumes }) => resumes)).toEqual([false, true]);
    expect(ofType(events, 'wire:server-hello').map(({ resumed }) => resumed)).toEqual([false, false]);
    expect((await judge(recorded))('tls.handshake.type').filter(([type]) => type === '11')).toHaveLength(2);
  });

  test.each<[string, TlsOptions, ConnectionOptions, string]>([
    ['a version that the server does not speak', { minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }, 'protocol_version'],
    ['a protocol that the server does not speak', { ALPNProtocols: ['h2'] }, { ALPNProtocols: ['spdy/1'] }, 'no_application_protocol'],
  ])('%s: an alert in the clear', async (_, server, options, alert) => {
    const recorded = await record(createTls({ key, cert, ...server }), async (port) => {
      await once(connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }), 'error');
    });
    const expected = (await judge(recorded))('tls.alert_message.desc').map(([, atMs]) => [alert, atMs, 'server', 'fatal']);
    expect(expected).toHaveLength(1);
    const events = read(recorded);
    expect(ofType(events, 'wire:tls-alert').map((event) => [event.alert, event.atMs, event.sender, event.level])).toEqual(expected);
    expect(events.some(({ event }) => event === 'wire:tls-done' || event === 'wire:tls-truncated')).toBe(false);
  });

  test('a client that does not know the issuer says so in an alert in the clear, behind records that are secret', async () => {
    const recorded = await record(createTls({ key, cert }), (port) => openssl(port, ['-verify_return_error'], []));
    const [alert] = ofType(read(recorded), 'wire:tls-alert');
    expect(alert).toMatchObject({ alert: 'unknown_ca', level: 'fatal', sender: 'client' });
    expect((await judge(recorded))('tls.alert_message.desc')).toEqual([['48', alert?.atMs]]);
    expect(ofType(read({ ...recorded, lines: [] }), 'wire:tls-alert')).toEqual([alert]);
  });

  test('new keys in the middle of a connection (KeyUpdate): what follows is read', async () => {
    const recorded = await record(https(), (port) => openssl(port, ['-tls1_3'], [[/Verify return code.*\n---\n/, 'K\n'], [/KEYUPDATE/, 'GET /none HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n']]));
    expect(ofType(read(recorded), 'wire:request').map(({ line }) => line)).toEqual(['GET /none HTTP/1.1']);
    expect(ofType(read(recorded), 'wire:response').map(({ line }) => line)).toEqual(['HTTP/1.1 404 Not Found']);
    expect((await judge(recorded))('tls.handshake.type').map(([type]) => type)).toContain('24');
  });

  test.each(['TLSv1.3', 'TLSv1.2'] as const)('%s: a server that cuts its response off with FIN', async (version) => {
    const server: Server = createServer((raw: Socket) => {
      const socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext({ key, cert, minVersion: version, maxVersion: version }) });
      socket.on('keylog', (line) => server.emit('keylog', line));
      socket.on('error', () => undefined);
      socket.once('data', () => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => { raw.end(); }); });
    });
    const recorded = await record(server, async (port) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
      socket.write('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
      await once(socket.resume(), 'close');
    });
    const events = read(recorded);
    const fin = events.find((event) => event.event === 'wire:fin' && event.sender === 'server');
    expect(ofType(events, 'wire:tls-truncated').filter(({ sender }) => sender === 'server')).toMatchObject([{ atMs: fin?.atMs }]);
    // A FIN that is sent again ends nothing again.
    const { frames } = recorded;
    const again = { ...recorded, frames: [...frames, ...frames.filter(({ atMs }) => atMs === fin?.atMs).map((frame) => ({ ...frame, atMs: frames.length + 1 }))] };
    expect(ofType(read(again), 'wire:tls-truncated').filter(({ sender }) => sender === 'server')).toHaveLength(1);
    // Without keys, nobody can know.
    expect(ofType(read({ ...recorded, lines: [] }), 'wire:tls-truncated')).toEqual([]);
  });

  test('a FIN that overtakes the end of TLS is no truncation', async () => {
    const recorded = await record(https(), (port) => ask(port));
    const end = read(recorded).find((event) => event.event === 'wire:fin' && event.sender === 'server')?.atMs ?? 0;
    // Frame n was captured at n ms, and the one before the FIN has close_notify.
    const { frames } = recorded;
    const [closing, fin] = [frames[end - 2], frames[end - 1]];
    const swapped = frames.map((frame, index) => ({ ...frame, bytes: (index === end - 2 ? fin : index === end - 1 ? closing : frame)?.bytes ?? frame.bytes }));
    const events = read({ ...recorded, frames: swapped });
    expect(events.find((event) => event.event === 'wire:fin' && event.sender === 'server')?.atMs).toBe(end - 1);
    expect(ofType(events, 'wire:tls-alert').map(({ sender, atMs }) => [sender, atMs])).toEqual([['server', end]]);
    expect(ofType(events, 'wire:tls-truncated').map(({ sender }) => sender)).toEqual(['client']);
  });

  test('too much that waits for keys is given up', async () => {
    const { frames, lines } = await record(https(), (port) => ask(port));
    const keys = new KeyLog();
    const late: EmittedEvent[] = [];
    const decoder = new WireDecoder([client.ipv4], { tls: new LabTls(keys), onLate: (event) => late.push(event), mostHeldBytes: 100_000 });
    const events = frames.flatMap((frame) => decoder.decode(frame));
    for (const line of lines) keys.add(line);
    expect(late).toEqual([]);
    expect(events.map(({ event }) => event).filter((event) => /tls|hello|request/.test(event))).toEqual(['wire:client-hello', 'wire:server-hello']);
  });

  test('without keys, the hellos are told, and the handshake where its end shows: in TLS 1.2', async () => {
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      const recorded = await record(https({ maxVersion: version }), (port) => ask(port));
      const events = read({ ...recorded, lines: [] }).map(({ event }) => event).filter((event) => !/syn|fin/.test(event));
      expect(events).toEqual(['wire:client-hello', 'wire:server-hello', ...(version === 'TLSv1.2' ? ['wire:tls-done'] : [])]);
    }
  });
});
