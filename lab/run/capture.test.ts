/** A capture on a real lab: it holds every frame, and the lab notices when frames are missing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import type { Remote } from '../network/remote.ts';
import { encodeFrames } from '../vocabulary/frame-records.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { startCapture } from './capture.ts';
import type { FinishedRun } from './journal.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from '../../scenarios/index.ts';
import { describeWith, driverWith, type HostChange } from '../testing/testing.ts';
import { tshark } from '../testing/tshark.ts';

function baseline(change: HostChange = () => ({})): Promise<FinishedRun> {
  return runScenario({ name: 'baseline', scenario: scenarios.baseline, driver: driverWith(netns, change), client: 'node-fetch', clientOptions: {}, seed: '1', signal: new AbortController().signal });
}

/** Changes the client's host: every line that a process writes goes through `filter`. A line is dropped if `filter` returns null. */
const withLines = (filter: (line: string) => string | null): HostChange => (host) =>
  host.name !== 'client'
    ? {}
    : {
        start: async (argv, options) => {
          const started = await host.start(argv, options);
          const onLine: typeof started.onLine = (listener) => {
            started.onLine((line) => {
              const filtered = filter(line);
              if (filtered !== null) listener(filtered);
            });
          };
          return { ...started, onLine };
        },
      };

test('a capture with a limit keeps the newest frames, and counts the ones that it left out', async () => {
  const frame = (number: number) => ({ number, seconds: 1, nanoseconds: number, lengthBytes: 1_000, bytes: Buffer.alloc(1_000) });
  let deliver: (records: Buffer) => void = () => undefined;
  const remote = { call: () => Promise.resolve({ frames: 100, dropped: 0 }) } as unknown as Remote;
  const capture = await startCapture({ client: createTopology().hosts.client, start: (_path, _args, onFrames) => { deliver = onFrames; return Promise.resolve(remote); }, receive: () => undefined }, { keepBytes: 10_000 });
  for (let number = 1; number <= 100; number++) deliver(encodeFrames([frame(number)], 0n));
  expect(await capture.sync()).toBeNull();
  const numbers = capture.captured.frames.map(({ number }) => number);
  expect(numbers.at(-1)).toBe(100);
  expect(numbers.length).toBeGreaterThanOrEqual(10);
  expect(numbers.length).toBeLessThanOrEqual(11);
  expect(capture.captured.leftOut).toBe(100 - numbers.length);
});

test('TLS and HTTP/2 are loaded for a lab that has keys, and for no other', async () => {
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const program = (keyLog: string): string => `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    const { startCapture } = await import(${url('./capture.ts')});
    await startCapture({ client: { ipv4: '192.0.2.1', ipv6: '2001:db8::1' }, start: () => ({}), receive: () => undefined, keyLog: ${keyLog} });
    console.log(loaded.filter((url) => /wire[/](tls(-cipher|-keys)?|http2|hpack)[.]ts$/.test(url)).length);`;
  const loadedWith = async (keyLog: string): Promise<string> => (await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program(keyLog)])).stdout.trim();
  expect([await loadedWith('undefined'), await loadedWith(`new (await import(${url('../wire/tls-keys.ts')})).KeyLog()`)]).toEqual(['0', '5']);
});

describeWith(['netns', 'tshark', 'curl'], 'a capture of HTTPS', () => {
  test('has the secrets of the servers, and the events that tshark sees with them', async () => {
    const { journal, capture, events } = await runScenario({ name: 'baseline', scenario: scenarios.baseline, driver: netns, client: 'curl', clientOptions: { scheme: 'https' }, seed: '1', signal: new AbortController().signal });
    expect({ verdict: journal.verdict, doubts: journal.doubts }).toEqual({ verdict: 'pass', doubts: [] });
    const rows = await tshark(capture ?? Buffer.alloc(0), 'tls.handshake.type == 20 or http2.headers.method', ['frame.time_epoch', 'tcp.stream', 'tls.handshake.type', 'http2.headers.method']);
    expect(rows.filter((row) => row['http2.headers.method'].includes('GET'))).toHaveLength(3);
    expect(journal.findings).toMatchObject({ tlsHandshakes: 3, resumed: 0, streamsPerConnection: [1, 1, 1], requestsOnWire: 3 });
    // The time of a handshake is that between packets: the first one with a byte of the ClientHello, and the later Finished.
    const hello = await tshark(capture ?? Buffer.alloc(0), 'tcp.len > 0 and tcp.dstport == 8443 and tcp.stream == 0', ['frame.time_epoch']);
    const finished = rows.filter((row) => row['tcp.stream'] === '0' && row['tls.handshake.type'].split(',').includes('20')).map((row) => Number(row['frame.time_epoch']));
    expect(Math.abs((Math.max(...finished) - Number(hello[0]?.['frame.time_epoch'])) * 1_000 - (journal.findings.handshakeMs ?? NaN))).toBeLessThan(0.01);
    const ends = events.filter((event) => event.event === 'wire:tls-done');
    expect(ends.map(({ alpn, version }) => [alpn, version])).toEqual([['h2', 'TLS 1.3'], ['h2', 'TLS 1.3'], ['h2', 'TLS 1.3']]);
  });
});

describeWith(['netns', 'tshark'], 'a capture', () => {
  test('has requests, faults and healing as comments of the packets, and loses no frame', async () => {
    const { journal, capture } = await baseline();
    expect(journal.wire?.dropped).toBe(0);
    const rows = await tshark(capture ?? Buffer.alloc(0), 'frame', ['frame.number', 'frame.comment']);
    expect(rows).toHaveLength(journal.wire?.frames ?? -1);
    const comments = rows.flatMap(Object.values).join('\n');
    for (const text of ['GET http://web.lab.test:8080/ #1', 'GET http://web.lab.test:8080/ #3', 'noop backend-', 'heal noop backend-', '200 Hello, World from']) expect(comments).toContain(text);
  });

  test('counts frames that are missing, and the verdict is unknown then', async () => {
    let batches = 0;
    const { journal } = await baseline(withLines((line) => (line.startsWith('{"frames"') && ++batches === 1 ? null : line)));
    expect(journal.wire?.dropped).toBeGreaterThan(0);
    expect(journal.doubts.join()).toMatch(/the capture lost \d+ of \d+ frames/);
    expect(journal.verdict).toBe('unknown');
  });

  test('ends the run with the reason if it cannot listen', async () => {
    const { journal } = await baseline((host) => (host.name === 'client' ? { start: (argv, options) => host.start(argv.map((word) => (word === 'eth0' ? 'eth9' : word)), options) } : {}));
    expect(journal.status).toBe('failed');
    expect(journal.error).toMatch(/cannot listen on eth9: if_nametoindex eth9: ENODEV/);
  });
});
