/** Captures of tcpdump in each form, held against tshark; files that cannot tell everything; and files that are broken. */
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capturedFindings } from '../analysis/captured.ts';
import { capturePicture } from '../report/capture-page.ts';
import { captureLines, limitsOf, nameLines } from '../report/captured-lines.ts';
import { netns } from '../network/drivers/netns.ts';
import { nodeArgv } from '../network/programs.ts';
import { fuzz } from '../testing/fuzz.ts';
import { describeWith, until } from '../testing/testing.ts';
import { tshark } from '../testing/tshark.ts';
import { readCapture, type FileFrame } from '../wire/capture-reader.ts';
import { linkTypes } from '../wire/link-layer.ts';
import { buildPcapng } from '../wire/pcapng.ts';
import { readEachClient, readForeignCapture, type ForeignCapture } from './foreign-capture.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { startLab, type Lab } from './lab.ts';
import { Timeline } from './timeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'foreign-'));
afterAll(() => { rmSync(folder, { recursive: true }); });
const at = (name: string): string => join(folder, name);
const count = ({ events }: ForeignCapture, name: string): number => events.filter(({ event }) => event === name).length;

/** What our events and tshark say about the same file. */
async function againstTshark(file: string, capture: ForeignCapture): Promise<void> {
  const rows = await tshark(readFileSync(file), 'tcp or udp.port == 53', ['tcp.flags.syn', 'tcp.flags.ack', 'dns.flags.response', 'http.request.method', 'http.response.code']);
  const isTrue = (cell: string): boolean => cell === '1' || cell === 'True';
  expect({
    syns: count(capture, 'wire:syn') + count(capture, 'wire:syn-retransmission'),
    synAcks: count(capture, 'wire:syn-ack'),
    queries: count(capture, 'wire:dns-query'),
    responses: count(capture, 'wire:dns-response'),
    httpRequests: count(capture, 'wire:request'),
    httpResponses: count(capture, 'wire:response'),
  }).toEqual({
    syns: rows.filter((row) => isTrue(row['tcp.flags.syn']) && !isTrue(row['tcp.flags.ack'])).length,
    synAcks: rows.filter((row) => isTrue(row['tcp.flags.syn']) && isTrue(row['tcp.flags.ack'])).length,
    queries: rows.filter((row) => row['dns.flags.response'] !== '' && !isTrue(row['dns.flags.response'])).length,
    responses: rows.filter((row) => isTrue(row['dns.flags.response'])).length,
    httpRequests: rows.filter((row) => row['http.request.method'] !== '').length,
    httpResponses: rows.filter((row) => row['http.response.code'] !== '').length,
  });
}

/** Each form: what the tools say on its first line, and the arguments. */
const forms: Record<string, string[]> = {
  'eth0.pcap': ['-i', 'eth0'],
  'nanoseconds.pcap': ['-i', 'eth0', '--time-stamp-precision=nano'],
  'any-cooked-2.pcap': ['-i', 'any'],
  'any-cooked-1.pcap': ['-i', 'any', '-y', 'LINUX_SLL'],
  'cut.pcap': ['-i', 'eth0', '-s', '68'],
};

describeWith(['netns', 'tcpdump', 'tshark', 'curl'], 'captures of tcpdump', () => {
  let client: string[];

  beforeAll(async () => {
    const lab: Lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    try {
      const { hosts } = lab.topology;
      client = [hosts.client.ipv4, hosts.client.ipv6];
      const start = async (host: 'client' | 'backend-1', file: string, args: readonly string[]) => {
        // In immediate mode a packet takes a whole slot of the buffer (-B, in KiB). The usual one has few, and a busy machine would lose packets.
        const process = await lab.host(host).start([...nodeArgv('services/keep-root.ts'), 'tcpdump', '--immediate-mode', '-B', '65536', '-U', '-w', at(file), ...args]);
        await until(async () => ((await stat(at(file)).catch(() => ({ size: 0 }))).size > 0 ? true : undefined), `tcpdump ${file}`);
        return process;
      };
      const dumps = await Promise.all([...Object.entries(forms).map(([file, args]) => start('client', file, args)), start('backend-1', 'server.pcap', ['-i', 'eth0'])]);
      const curl = async (...args: string[]): Promise<void> => { await lab.host('client').run(['curl', '-sS', ...args]); };
      const observe = async (path: string): Promise<void> => { await lab.host('observer').run(['curl', '-sS', `http://${hosts['backend-1'].ipv4}:8080/${path}`]); };
      const have = (word: string): boolean =>
        Object.keys(forms).every((file) => readFileSync(at(file)).includes(`${String.fromCharCode(word.length)}${word}\u0003lab`)) && readFileSync(at('server.pcap')).includes(`GET /${word} `);
      // With the head of its file, tcpdump need not listen yet.
      await until(async () => {
        await Promise.all([curl('http://first.lab.test:8080/'), observe('first')]);
        return have('first') ? true : undefined;
      }, 'a first packet in each file');
      await lab.apply('kill', 'backend-2');
      await curl('http://web.lab.test:8080/', 'http://web.lab.test:8080/again');
      await curl(`http://${hosts['backend-2'].ipv4}:8080/`);
      await curl(`http://[${hosts['backend-1'].ipv6}]:8080/status/404`);
      // The last packets of each file. When tcpdump has written them, it has written all before them.
      await curl('http://last.lab.test:8080/');
      await observe('last');
      await until(() => (have('last') ? true : undefined), 'a last packet in each file');
      for (const dump of dumps) {
        await dump.signal('SIGTERM');
        await dump.exited;
      }
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  });

  test.each(Object.keys(forms).filter((file) => file !== 'cut.pcap'))('%s: tshark counts the same', async (file) => {
    const capture = await readForeignCapture(at(file));
    expect([...capture.client].sort()).toEqual([...client].sort());
    expect(capture.file).toMatchObject({ format: 'pcap', endsEarly: false, dropped: null });
    await againstTshark(at(file), capture);
    expect(count(capture, 'wire:request')).toBe(3);
    const findings = capturedFindings(capture.events);
    expect(findings.find(({ name }) => name === 'web.lab.test')).toMatchObject({ requests: 2, statuses: { 200: 1, 404: 1 }, unanswered: 0 });
    // Addresses that were not asked for stand alone.
    expect(findings.filter(({ name }) => !name.endsWith('.lab.test')).flatMap(({ outcomes }) => Object.keys(outcomes)).sort()).toEqual(['connected', 'refused']);
  });

  const framesOf = async (file: string): Promise<FileFrame[]> => {
    const frames: FileFrame[] = [];
    await readCapture(file, createReadStream(at(file)), (frame) => frames.push({ ...frame, bytes: Buffer.from(frame.bytes) }));
    return frames;
  };

  const isIp = ({ bytes }: FileFrame): boolean => bytes.readUInt16BE(12) === 0x0800 || bytes.readUInt16BE(12) === 0x86dd;
  const behind = (header: string, from: number) => (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(header, 'hex'), bytes.subarray(from)]);
  const addresses = (bytes: Buffer): Buffer => bytes.subarray(0, 12);
  test.each<[string, number, (bytes: Buffer) => Buffer]>([
    ['a VLAN tag', linkTypes.ethernet, (bytes) => Buffer.concat([addresses(bytes), Buffer.from('81000005', 'hex'), bytes.subarray(12)])],
    ['two VLAN tags', linkTypes.ethernet, (bytes) => Buffer.concat([addresses(bytes), Buffer.from('88a8000581000006', 'hex'), bytes.subarray(12)])],
    ['raw IP', linkTypes.raw, behind('', 14)],
    ['the loopback of BSD', linkTypes.null, (bytes) => behind(bytes.readUInt16BE(12) === 0x0800 ? '02000000' : '1e000000', 14)(bytes)],
  ])('%s, in the other byte order', async (name, linkType, change) => {
    const frames = (await framesOf('eth0.pcap')).filter(isIp);
    writeFileSync(at(name), pcapOf(frames.map((frame) => ({ ...frame, bytes: change(frame.bytes) })), linkType));
    const capture = await readForeignCapture(at(name), client);
    const told = ({ events }: ForeignCapture): unknown[] => events.filter(({ event }) => !event.startsWith('wire:neighbour')).map((event) => ({ ...event, tMs: 0, atMs: 0 }));
    expect(told(capture)).toEqual(told(await readForeignCapture(at('eth0.pcap'), client)));
    await againstTshark(at(name), capture);
  });

  test('a packet that is there twice, on two interfaces, counts once', async () => {
    const frames = await framesOf('any-cooked-2.pcap');
    const onOther = (bytes: Buffer): Buffer => { const other = Buffer.from(bytes); other.writeUInt32BE(77, 4); return other; };
    writeFileSync(at('doubles.pcap'), pcapOf(frames.flatMap((frame) => [frame, { ...frame, bytes: onOther(frame.bytes) }]), linkTypes.cooked2));
    const [one, doubled] = [await readForeignCapture(at('any-cooked-2.pcap'), client), await readForeignCapture(at('doubles.pcap'), client)];
    const told = ({ events }: ForeignCapture): string[] => events.map(({ event }) => event).filter((event) => !event.startsWith('wire:neighbour') && event !== 'wire:unreachable');
    expect(told(doubled)).toEqual(told(one));
    expect(doubled.doubles).toBeGreaterThan(10);
    expect(one.doubles).toBe(0);
  });

  test('a pcapng file, with the same packets', async () => {
    const frames = await framesOf('eth0.pcap');
    writeFileSync(at('eth0.pcapng'), buildPcapng({ frames, interfaceName: 'eth0', interfaceDescription: '', dropped: 3, application: 'test', comment: '', names: [{ address: '198.51.100.12', name: 'two' }], remarks: [] }));
    const [one, other] = [await readForeignCapture(at('eth0.pcap')), await readForeignCapture(at('eth0.pcapng'))];
    expect(other.events).toEqual(one.events);
    expect(other.file).toMatchObject({ format: 'pcapng', dropped: 3, names: new Map([['198.51.100.12', 'two']]) });
    expect(limitsOf(other)).toContain('3 packets that the capture lost');
  });

  test('frames that are cut short: connections are read, and what could not be read is counted', async () => {
    const capture = await readForeignCapture(at('cut.pcap'));
    const whole = await readForeignCapture(at('eth0.pcap'));
    // 68 bytes hold the fixed part of a TCP header behind IPv4, and not behind IPv6.
    const synsOf = ({ events }: ForeignCapture): number => events.filter((event) => event.event === 'wire:syn' && event.family === 4).length;
    expect(synsOf(capture)).toBe(synsOf(whole));
    expect(capture.cutFrames).toBeGreaterThan(0);
    expect(count(capture, 'wire:malformed')).toBe(0);
    expect(limitsOf(capture).join()).toContain('that the capture has cut too short');
  });

  test('a capture that begins in the middle of a connection', async () => {
    const capture = await readForeignCapture(at('eth0.pcap'));
    const [, second] = capture.events.filter(({ event }) => event === 'wire:request');
    // All frames before the second request are missing: its connection shows who has opened it.
    writeFileSync(at('middle.pcap'), cutBefore(readFileSync(at('eth0.pcap')), second?.tMs ?? NaN));
    const middle = await readForeignCapture(at('middle.pcap'));
    expect(count(middle, 'wire:request')).toBe(2);
    expect(count(middle, 'wire:response')).toBe(2);
    // And behind the request, it shows it no more.
    writeFileSync(at('later.pcap'), cutBefore(readFileSync(at('eth0.pcap')), (second?.tMs ?? NaN) + 0.001));
    const later = await readForeignCapture(at('later.pcap'));
    expect(later.unknownFlows).toBe(1);
    expect(count(later, 'wire:request')).toBe(1);
  });

  test('a segment that the capture lacks: what is behind it is not read, and it is said', async () => {
    const frames = await framesOf('eth0.pcap');
    const isFirstRequest = ({ bytes }: FileFrame): boolean => bytes.includes('GET / HTTP/1.1');
    writeFileSync(at('gap.pcap'), pcapOf(frames.filter((frame) => frame !== frames.find(isFirstRequest)), linkTypes.ethernet));
    const [whole, gap] = [await readForeignCapture(at('eth0.pcap'), client), await readForeignCapture(at('gap.pcap'), client)];
    expect([whole.gaps, gap.gaps]).toEqual([0, 1]);
    expect(limitsOf(gap)).toContain('what was said behind a missing segment, in 1 connection');
    expect(count(gap, 'wire:request')).toBe(1);
  });

  test('a time that no calendar has', async () => {
    const frames = await framesOf('eth0.pcap');
    const file = buildPcapng({ frames, interfaceName: 'eth0', interfaceDescription: '', dropped: 0, application: 'test', comment: '', names: [], remarks: [] });
    // The time resolution of the interface becomes whole seconds.
    const option = file.indexOf(Buffer.from('0900010009000000', 'hex'));
    file[option + 4] = 0;
    writeFileSync(at('never.pcapng'), file);
    const capture = await readForeignCapture(at('never.pcapng'), client);
    expect(capture.startedAt).toBeNull();
    expect(captureLines('never.pcapng', capture)[0]).toMatch(/^never\.pcapng {2}pcapng, \d+ frames$/);
  });

  test('a router that the client asks for is no server', () => {
    const asked = { tMs: 0, host: 'client', witness: 'wire', family: 4 } as const;
    const question = { ...asked, event: 'wire:neighbour-solicitation', address: '192.0.2.1' } as const;
    expect(capturedFindings([question, { ...question, tMs: 1_000 }, { ...question, tMs: 2_000 }])).toEqual([]);
    const answer = { tMs: 0, host: 'client', witness: 'wire' as const, event: 'wire:dns-response' as const, id: 1, name: 'web.test', type: 'A', transport: 'udp', address: '192.0.2.53', localPort: 1, rcode: 'NOERROR', addresses: ['192.0.2.1'], truncated: false } satisfies TimelineEvent;
    expect(capturedFindings([answer, { ...question, tMs: 1 }])).toMatchObject([{ name: 'web.test', outcomes: { silent: 1 } }]);
  });

  test('several hosts: the message names them, and each one can be chosen', async () => {
    await expect(readForeignCapture(at('server.pcap'))).rejects.toThrow(/^[23] hosts have opened connections in .*\. Which one is the client\? Those with the most connections come first:\n( {2}--client [\d.:a-f,]+\n){2,3}Or read each of them: --client each$/);
    const capture = await readForeignCapture(at('server.pcap'), ['198.51.100.250']);
    expect(capture.events.filter((event) => event.event === 'wire:request' && event.line === 'GET /last HTTP/1.1')).toHaveLength(1);
    // On the server's host, the server is no client.
    await expect(readForeignCapture(at('server.pcap'), ['192.0.2.1'])).rejects.toThrow('has no packet of 192.0.2.1');
  });

  test('each of several clients is read as it is read alone, in one pass', async () => {
    const captures = await readEachClient(at('server.pcap'));
    expect(captures.flatMap((capture) => capture.client)).toEqual(expect.arrayContaining(['198.51.100.250', client[1]]));
    for (const capture of captures) {
      const { others, ...alone } = await readForeignCapture(at('server.pcap'), capture.client);
      expect(capture).toEqual({ ...alone, others: expect.arrayContaining(others) as unknown });
      expect(count(capture, 'wire:request')).toBeGreaterThan(0);
    }
    // Both addresses of a host are one client, because the frames have one hardware address.
    expect((await readEachClient(at('eth0.pcap'))).map((capture) => [...capture.client].sort())).toEqual([[...client].sort()]);
  });

  test('what the server of a connection sends is not taken for a connection of its own', async () => {
    const capture = await readForeignCapture(at('server.pcap'), ['198.51.100.11']);
    expect(capture.events.filter(({ event }) => event.startsWith('wire:syn') || event === 'wire:request')).toEqual([]);
  });

  fuzz('capture files with mistakes', {
    inputs: 300,
    accepted: 20,
    make: (dice) => dice.mutated(readFileSync(at(dice.oneOf(['eth0.pcap', 'eth0.pcapng', 'any-cooked-2.pcap'])))),
    check: async (bytes) => {
      writeFileSync(at('fuzz.pcap'), bytes);
      try {
        const capture = await readForeignCapture(at('fuzz.pcap'), client);
        const said = [...captureLines('fuzz.pcap', capture), ...capturedFindings(capture.events).flatMap(nameLines), capturePicture({ file: 'fuzz.pcap', capture })].join();
        expect(/.{0,60}(undefined|NaN|\[object).{0,60}/.exec(said)?.[0]).toBeUndefined();
        return capture.events.length > 0;
      } catch (error) {
        expect((error as { code?: string }).code, String(error)).toBe('BAD_INPUT');
        return false;
      }
    },
  });
});

/** A pcap file in the byte order that tcpdump does not have here. */
function pcapOf(frames: readonly FileFrame[], linkType: number): Buffer {
  const head = Buffer.from('a1b23c4d000200040000000000000000000400000000', 'hex');
  const network = Buffer.alloc(2);
  network.writeUInt16BE(linkType);
  return Buffer.concat([head, network, ...frames.flatMap(({ realtimeNs, bytes }) => {
    const record = Buffer.alloc(16);
    [Number(realtimeNs / 1_000_000_000n), Number(realtimeNs % 1_000_000_000n), bytes.length, bytes.length].forEach((word, index) => record.writeUInt32BE(word, index * 4));
    return [record, bytes];
  })]);
}

/** Leaves out the records of a pcap file whose time is before `fromMs` of its first one. */
function cutBefore(file: Buffer, fromMs: number): Buffer {
  const kept = [file.subarray(0, 24)];
  // In whole microseconds, as the file has them.
  const timeUs = (record: number): number => file.readUInt32LE(record) * 1_000_000 + file.readUInt32LE(record + 4);
  for (let record = 24; record < file.length; record += 16 + file.readUInt32LE(record + 8)) {
    if (timeUs(record) - timeUs(24) >= Math.round(fromMs * 1_000)) kept.push(file.subarray(record, record + 16 + file.readUInt32LE(record + 8)));
  }
  return Buffer.concat(kept);
}

describe('files that are no capture', () => {
  test.each([
    ['empty', '', 'it is empty'],
    ['text', 'hello, world', 'it begins with 68656c6c'],
    ['gzip', Buffer.from('1f8b0800000000000003', 'hex'), 'it is compressed by gzip: run gunzip first'],
    ['a frame of 3 GB', Buffer.concat([Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'), Buffer.from('00000000000000000000b0b20000b0b2', 'hex')]), 'the frame at byte 24 says that it has 2997878784 bytes'],
    ['a block of 13 bytes', Buffer.from('0a0d0d0a0d0000004d3c2b1a0100000000', 'hex'), 'the block at byte 0 says that it has 13 bytes'],
    ['another byte order', Buffer.from('0a0d0d0a1c000000ffffffff0100000000000000', 'hex'), 'the section at byte 0 has the byte order ffffffff'],
  ])('%s', async (name, bytes, why) => {
    writeFileSync(at(name), bytes);
    await expect(readForeignCapture(at(name))).rejects.toThrow(`Expected ${at(name)} to be a capture file (pcap or pcapng): ${why}.`);
  });

  test('a file that is not there, a folder, and a capture without a connection', async () => {
    await expect(readForeignCapture(at('nothing'))).rejects.toThrow(/^Cannot read .*ENOENT/);
    await expect(readForeignCapture(folder)).rejects.toThrow(/^Cannot read .*EISDIR/);
    writeFileSync(at('none.pcap'), Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'));
    await expect(readForeignCapture(at('none.pcap'))).rejects.toThrow('has no start of a TCP connection (SYN), so it does not show who the client is. Name it: --client ADDRESS');
  });
});
