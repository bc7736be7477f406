/** Tests the client as a program: alone on loopback, and in a lab where addresses become silent. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { netns } from '../lab/network/drivers/netns.ts';
import type { EmittedEvent, EventName } from '../lab/vocabulary/events.ts';
import { startLab, type Lab } from '../lab/run/lab.ts';
import { nodeArgv } from '../lab/network/programs.ts';
import { describeWith, freePort, localProcess } from '../lab/testing/testing.ts';
import { Timeline } from '../lab/run/timeline.ts';
import { addressOf, urlOf } from '../lab/vocabulary/topology.ts';

async function run(...words: string[]): Promise<{ code: number | null; lines: string[]; stderr: string }> {
  const started = localProcess(nodeArgv('client/main.ts', ...words), { ...process.env, NO_COLOR: '1' });
  const lines: string[] = [];
  started.onLine((line) => lines.push(line));
  const { code, stderr } = await started.exited;
  return { code, lines, stderr };
}

describe('alone on loopback', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((_, response) => response.end('Hello, World\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    server.close();
  });

  test('prints a readable trace with times from zero, and exits with 0', async () => {
    const { code, lines, stderr } = await run(url);
    expect(stderr).toBe('');
    expect(lines.map((line) => line.replace(/^ *\d+\.\d {2}/, ''))).toEqual([
      `GET ${url} #1`,
      'connect 127.0.0.1 #1',
      'connected 127.0.0.1 #1',
      'uses new connection to 127.0.0.1 #1',
      'request sent #1',
      '200 headers #1',
      '200 Hello, World #1',
    ]);
    expect(lines[0]).toMatch(/^ {6}0\.0 {2}GET/);
    expect(code).toBe(0);
  });

  test.each(['fetch', 'http'])('%s: several requests on one connection, as JSON lines', async (transport) => {
    const { code, lines } = await run(`transport=${transport}`, '--times', '3', '--interval', '0', '--json', url);
    const events = lines.map((line) => JSON.parse(line) as EmittedEvent);
    expect(events.flatMap((event) => (event.event === 'client:connection' ? [event.reused] : []))).toEqual([false, true, true]);
    expect(events.map(({ atMs }) => atMs)).toEqual(events.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
    expect(code).toBe(0);
  });

  test('exits with 1 when a request is not answered', async () => {
    const { code, lines } = await run(`http://127.0.0.1:${await freePort()}/`);
    expect(lines.at(-1)).toMatch(/error reaches the caller: ECONNREFUSED #1$/);
    expect(code).toBe(1);
  });

  test.each([
    [[], /^client: Expected one URL, got 0\.\n\nUsage: /],
    [['http://a/', 'http://b/'], /^client: Expected one URL, got 2\./],
    [['ftp://127.0.0.1/'], /^client: Expected an http:\/\/ or https:\/\/ URL, got `ftp:\/\/127\.0\.0\.1\/`\.$/],
    [['http=2', 'http://127.0.0.1/'], /^client: HTTP\/2 needs TLS here: expected an https:\/\/ URL with http=2, got `http:\/\/127\.0\.0\.1\/`\.$/],
    [['family=5', 'http://a/'], /^client: Expected `family` of the client to be one of 0, 4, 6, got `5`\.$/],
    [['speed', 'http://a/'], /^client: Expected an option as key=value, got `speed`\.$/],
    [['--times', 'x', 'http://a/'], /^client: Expected `--times` to be a whole number, 1 or more, got `x`\.$/],
    [['--often', 'http://a/'], /^client: Unknown option '--often'/],
    [['transport=http', 'connectTimeoutMs=5', 'http://a/'], /^client: The `connectTimeoutMs` option needs transport=fetch/],
  ])('%j is bad input: exit status 3 and a message', async (words, message) => {
    const { code, lines, stderr } = await run(...words);
    expect(stderr).toMatch(message);
    expect(lines).toEqual([]);
    expect(code).toBe(3);
  });

  test('--help lists the options', async () => {
    const { code, lines } = await run('--help');
    expect(lines.join('\n')).toMatch(/^Usage: [\s\S]*\n {2}attemptDelayMs +how long/);
    expect(code).toBe(0);
  });
});

describeWith('netns', 'in a lab', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    await lab.dns.chain(['sort', 'selectFirst 2']);
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const inLab = async (...words: string[]): Promise<EmittedEvent[]> => {
    const { stdout, stderr } = await lab.host('client').run(nodeArgv('client/main.ts', ...words, '--json', urlOf(lab.topology)));
    expect(stderr).toBe('');
    return stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as EmittedEvent);
  };
  const of = <Name extends EventName>(events: EmittedEvent[], name: Name) => events.filter((event): event is Extract<EmittedEvent, { event: Name }> => event.event === name);
  const [first, second] = ['198.51.100.11', '198.51.100.12'];

  test.each(['lookup', 'resolve', '198.51.100.53', '2001:db8:1::53'])("resolver=%s sends its own queries and gets the lab's answer", async (resolver) => {
    const events = await inLab(`resolver=${resolver}`);
    expect(of(events, 'client:dns-done')).toMatchObject([{ addresses: [first, second], coalesced: false }]);
    expect(of(events, 'client:response')).toMatchObject([{ body: `Hello, World from ${first}` }]);
  });

  /** The default attempt delay of the Node version that this project pins. */
  const nodesAttemptMs = 250;
  /** A very busy machine with two cores is late, never early. */
  const tolerance = { earlyMs: 2, lateMs: 400 };

  test.each([
    ['transport=fetch', null],
    ['transport=http', null],
    ['transport=fetch', 800],
    ['transport=http', 800],
  ])('%s with attemptDelayMs=%s gives up a silent address after that delay and tries the next one', async (transport, attemptDelayMs) => {
    const hole = await lab.apply('blackhole', 'backend-1', { family: 4 });
    const events = await inLab(transport, ...(attemptDelayMs === null ? [] : [`attemptDelayMs=${attemptDelayMs}`]));
    await hole.heal();
    const [start, next] = of(events, 'client:connect-start');
    expect([start?.address, next?.address]).toEqual([first, second]);
    expect(of(events, 'client:connect-timeout')).toMatchObject([{ address: first, connection: 1, family: 4 }]);
    expect(of(events, 'client:connect-done')).toMatchObject([{ address: second, connection: 1 }]);
    const gapMs = (next?.atMs ?? 0) - (start?.atMs ?? 0);
    expect(gapMs).toBeGreaterThan((attemptDelayMs ?? nodesAttemptMs) - tolerance.earlyMs);
    expect(gapMs).toBeLessThan((attemptDelayMs ?? nodesAttemptMs) + tolerance.lateMs);
    expect(lab.doubts).toEqual([]);
  });

  test('fetch gives up connecting at its own limit, and the trace reports the attempt that was still open', async () => {
    const holes = await Promise.all((['backend-1', 'backend-2'] as const).map((backend) => lab.apply('blackhole', backend)));
    const { stdout } = await lab.host('client').run(nodeArgv('client/main.ts', 'connectTimeoutMs=1500', '--json', urlOf(lab.topology)));
    await Promise.all(holes.map((hole) => hole.heal()));
    const events = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as EmittedEvent);
    expect(of(events, 'client:error')).toMatchObject([{ code: 'UND_ERR_CONNECT_TIMEOUT' }]);
    expect(of(events, 'client:connect-timeout').map(({ address }) => address)).toEqual([first]);
    expect(of(events, 'client:connect-failed').map(({ address, error }) => [address, error])).toEqual([[second, 'ECANCELED']]);
  });

  test('the client tries IPv6 first when the name has an IPv6 address, and family=4 sends no AAAA query', async () => {
    await lab.dns.aaaa(true);
    expect(of(await inLab(), 'client:response')).toMatchObject([{ body: `Hello, World from ${addressOf(lab.topology, 'backend-1', 6)}` }]);
    await lab.settle();
    const before = lab.timeline.events.length;
    expect(of(await inLab('family=4'), 'client:response')).toMatchObject([{ body: `Hello, World from ${first}` }]);
    await lab.settle();
    expect(lab.timeline.events.slice(before).flatMap((event) => (event.event === 'dns:query' ? [event.type] : []))).toEqual(['A']);
    await lab.dns.aaaa(false);
  });
});
