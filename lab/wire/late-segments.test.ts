/**
 * Late segments on a real lab: a response of many segments over a link that reorders or loses packets. The kernel of the sender counts what it
 * has sent again, and tshark says which frames are late.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { describeWith, until } from '../testing/testing.ts';
import { tshark } from '../testing/tshark.ts';
import { addressOf, type Family } from '../vocabulary/topology.ts';
import { captureFile } from './capture-file.ts';
import { WireDecoder } from './decoder.ts';

const bodyBytes = 300_000;

/** A Node program that gets the body over one connection, says so, and keeps the connection until it is killed. */
const getter = `
const [host, path, bytes] = process.argv.slice(1);
const socket = require('net').connect({ host, port: 8080 }, () => socket.write('GET ' + path + ' HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n'));
let received = Buffer.alloc(0);
socket.on('data', (data) => {
  received = Buffer.concat([received, data]);
  if (received.length - received.indexOf('\\r\\n\\r\\n') - 4 >= Number(bytes)) console.log('done');
});`;

interface Late {
  event: 'wire:data-retransmission' | 'wire:out-of-order';
  family: number;
  frame: number;
  bytes: number;
}

describeWith(['netns', 'tshark', 'ss'], 'late segments', () => {
  let lab: Lab;
  const timeline = new Timeline();
  beforeEach(async () => {
    lab = await startLab({ driver: netns, timeline, seed: '3' });
    await lab.startCapture();
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
  });

  /** Gets the body from backend-1. Returns how many bytes the backend's kernel has sent again. */
  async function get(family: Family): Promise<number> {
    const { topology } = lab;
    const client = await lab.host('client').start([process.execPath, '--eval', getter, addressOf(topology, 'backend-1', family), `/bytes/${bodyBytes}`, String(bodyBytes)]);
    await new Promise<void>((resolve) => { client.onLine(() => { resolve(); }); });
    // When every byte is acknowledged, the kernel sends nothing again.
    const socket = await until(async () => {
      const { stdout } = await lab.host('backend-1').run(['ss', `-${family}`, '-tinH', 'state', 'established', 'sport = :8080', 'dst', `[${addressOf(topology, 'client', family)}]`]);
      return stdout.includes('bytes_acked:') && !stdout.includes('unacked:') ? stdout : undefined;
    }, 'a connection without unacknowledged bytes');
    return Number(/ bytes_retrans:(\d+)/.exec(socket)?.[1] ?? 0);
  }

  /** Gets the body in each family under the fault. Returns what we and tshark read of the wire, and the bytes that the kernel has sent again. */
  async function download(fault: string, percent: number): Promise<{ late: Late[]; byTshark: number[]; resentBytes: Record<Family, number> }> {
    const applied = await lab.apply(fault, 'backend-1', { percent });
    const resentBytes = { 4: await get(4), 6: await get(6) };
    // The link sends what it still holds back.
    await applied.heal();
    await lab.settle();
    expect(lab.doubts).toEqual([]);
    const { frames } = lab.wire ?? { frames: [] };
    const decoder = new WireDecoder(lab.topology.hosts.client);
    const late = frames.flatMap((frame) =>
      decoder.decode(frame).flatMap((event): Late[] => (event.event === 'wire:data-retransmission' || event.event === 'wire:out-of-order' ? [{ ...event, frame: frame.number }] : [])),
    );
    const capture = captureFile({ captured: { frames, dropped: 0 }, events: [], topology: lab.topology, hostMs: (tMs) => timeline.hostMs(tMs), comment: '' });
    const signs = ['out_of_order', 'retransmission', 'fast_retransmission', 'spurious_retransmission'].map((sign) => `tcp.analysis.${sign}`);
    const rows = await tshark(capture, `tcp.len > 0 and (${signs.join(' or ')})`, ['frame.number']);
    return { late, byTshark: rows.map((row) => Number(row['frame.number'])), resentBytes };
  }
  const of = (event: Late['event'], family: Family, late: Late[]): Late[] => late.filter((each) => each.event === event && each.family === family);
  const bytesOf = (late: Late[]): number => late.reduce((sum, { bytes }) => sum + bytes, 0);

  // tshark tells the two kinds apart by the time since the gap (3 ms by default). So it says only which segments are late; the kernel says the rest.
  test('reorder: tshark sees the same frames as late, and as many bytes were sent again as the kernel says', { timeout: 60_000 }, async () => {
    const { late, byTshark, resentBytes } = await download('reorder', 20);
    expect(late.map(({ frame }) => frame)).toEqual(byTshark);
    for (const family of [4, 6] as const) {
      expect({ family, bytes: bytesOf(of('wire:data-retransmission', family, late)) }).toEqual({ family, bytes: resentBytes[family] });
      expect(resentBytes[family]).toBeGreaterThan(0);
      expect(of('wire:out-of-order', family, late).length).toBeGreaterThan(0);
    }
  });

  test('loss: tshark sees the same frames as late, and none of them was overtaken', { timeout: 60_000 }, async () => {
    const { late, byTshark, resentBytes } = await download('loss', 5);
    expect(late.map(({ frame }) => frame)).toEqual(byTshark);
    for (const family of [4, 6] as const) {
      expect(of('wire:out-of-order', family, late)).toEqual([]);
      const again = bytesOf(of('wire:data-retransmission', family, late));
      expect(again).toBeGreaterThan(0);
      // Some of them were lost again.
      expect(again).toBeLessThanOrEqual(resentBytes[family]);
    }
  });
});
