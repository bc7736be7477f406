import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ACK, came, sent, SYN } from '../testing/frames.ts';
import { describeWith } from '../testing/testing.ts';
import { decodeFrames, encodeFrames } from '../vocabulary/frame-records.ts';
import { buildPcapng, type CaptureFile } from './pcapng.ts';
import { tshark } from '../testing/tshark.ts';

/** An ARP request with extra bytes at its end, so that the blocks of the file need padding. */
const frame = (atMs: number, extraBytes: number) => {
  const bytes = Buffer.concat([Buffer.from(`ffffffffffff020000000002080600010800060400010200000000 02c63364c8000000000000c633640b`.replaceAll(' ', ''), 'hex'), Buffer.alloc(extraBytes)]);
  return { number: 1, atMs, realtimeNs: 1_795_000_000_123_456_789n + BigInt(atMs * 1e6), lengthBytes: bytes.length, bytes };
};

const file = (change: Partial<CaptureFile> = {}): CaptureFile => ({
  frames: [frame(0, 0), frame(10, 1), frame(20, 3)],
  interfaceName: 'eth0',
  interfaceDescription: 'the client',
  dropped: 0,
  application: 'failover-lab',
  comment: 'what it shows',
  names: [{ address: '198.51.100.11', name: 'backend-1' }, { address: '2001:db8:1:0:8000::200', name: 'client' }],
  remarks: [],
  ...change,
});

test('decodeFrames returns the frames that encodeFrames was given', () => {
  const captured = [{ number: 7, seconds: 1_795_000_000, nanoseconds: 999_999_999, lengthBytes: 70_000, bytes: Buffer.from('abc') }, { number: 8, seconds: 1, nanoseconds: 0, lengthBytes: 0, bytes: Buffer.alloc(0) }];
  const decoded = decodeFrames(encodeFrames(captured, 1_000_000_000n));
  expect(decoded.map(({ number, realtimeNs, lengthBytes, bytes }) => [number, realtimeNs, lengthBytes, bytes.toString()])).toEqual([[7, 1_795_000_000_999_999_999n, 70_000, 'abc'], [8, 1_000_000_000n, 0, '']]);
  expect(decoded.map(({ atMs }) => atMs)).toEqual([1_794_999_999_999.999_999, 0]);
});

describeWith('tshark', 'tshark reads the file', () => {
  test('nanoseconds, lengths and interface are right, and tshark reports no error', async () => {
    const rows = await tshark(buildPcapng(file()), 'frame', ['frame.time_epoch', 'frame.len', 'frame.interface_name', 'frame.interface_description', 'arp.dst.proto_ipv4']);
    expect(rows.map(Object.values)).toEqual([0, 1, 2].map((index) => [`1795000000.${123_456_789 + index * 10_000_000}`, String([42, 43, 45][index]), 'eth0', 'the client', '198.51.100.11']));
  });

  test('a remark is a comment of the first frame at or after its time; a remark after the last frame says so', async () => {
    const remarks = [{ atMs: 25, text: 'end' }, { atMs: -5, text: 'start' }, { atMs: 10, text: 'same moment' }, { atMs: 10.001, text: 'after it' }, { atMs: 11, text: 'ünïcode, and a comma' }];
    const rows = await tshark(buildPcapng(file({ remarks })), 'frame', ['frame.comment']);
    expect(rows.map((row) => row['frame.comment'])).toEqual(['start', 'same moment', 'after it,ünïcode, and a comma,after this frame: end']);
  });

  test('a capture without frames is still a valid file with its remarks', async () => {
    const empty = buildPcapng(file({ frames: [], remarks: [{ atMs: 1, text: 'a remark without a frame' }] }));
    expect(await tshark(empty, 'frame', ['frame.number'])).toEqual([]);
    expect(empty.includes('a remark without a frame')).toBe(true);
  });

  test.each([40_000, 57_000])('a ClientHello to the port of HTTPS is one, also from port %i', async (localPort) => {
    const [, hello = ''] = /^>(.+)$/m.exec(readFileSync(new URL('../testing/real-https.txt', import.meta.url), 'utf8')) ?? [];
    const flow = { port: 8443, localPort };
    const frames = [sent({ ...flow, flags: SYN, sequence: 0 }), came({ ...flow, flags: SYN | ACK, sequence: 0, acknowledged: 1 }), sent({ ...flow, payload: Buffer.from(hello, 'hex'), acknowledged: 1 })];
    const rows = await tshark(buildPcapng(file({ frames: frames.map((bytes, index) => ({ ...frame(index, 0), bytes, lengthBytes: bytes.length })) })), 'tls', ['tls.handshake.type']);
    expect(rows).toEqual([{ 'tls.handshake.type': '1' }]);
  });

  test('tshark reports an error for a file that is cut, so the other tests would notice a broken file', async () => {
    await expect(tshark(buildPcapng(file()).subarray(0, -50), 'frame', ['frame.number'])).rejects.toThrow(/cut short|truncated|damaged/);
  });
});
