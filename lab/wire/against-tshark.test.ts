/**
 * What the packets of a real lab say about TCP, held against tshark: a response of many segments over a link that reorders or loses packets, and
 * a reader that stops. The kernel of the sender counts what it has sent again.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { describeWith, driverWith, until } from '../testing/testing.ts';
import { tshark } from '../testing/tshark.ts';
import { addressOf, type Family } from '../vocabulary/topology.ts';
import type { EmittedEvent } from '../vocabulary/events.ts';
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

/** A Node program that asks for more than the buffers of both kernels hold, and reads nothing until it gets a line. */
const stopper = `
const [host] = process.argv.slice(1);
const socket = require('net').connect({ host, port: 8080 }, () => socket.write('GET /bytes/16000000 HTTP/1.1\\r\\nHost: web\\r\\nConnection: close\\r\\n\\r\\n')).pause();
process.stdin.once('data', () => socket.on('data', () => undefined).once('end', () => console.log('done')).resume());`;

interface Late {
  event: 'wire:data-retransmission' | 'wire:out-of-order';
  family: number;
  frame: number;
  bytes: number;
}

/**
 * All processes of the lab run on one processor. With several, segments may overtake each other without any fault: each processor has a queue of its
 * own for the packets that it carries to another interface, and a busy machine is late with one of them.
 */
const [, processor = '0'] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
const onOneProcessor = driverWith(netns, (host) => ({ start: (argv, options) => host.start(['taskset', '--cpu-list', processor, ...argv], options) }));

describeWith(['netns', 'tshark', 'ss'], 'TCP on a real lab', () => {
  let lab: Lab;
  const timeline = new Timeline();
  beforeEach(async () => {
    lab = await startLab({ driver: onOneProcessor, timeline, seed: '3' });
    await lab.startCapture();
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
  });

  /** Our events, each with the number of its frame. */
  const ourEvents = (): { event: EmittedEvent; frame: number }[] => {
    const decoder = new WireDecoder(Object.values(lab.topology.hosts.client));
    return (lab.wire?.frames ?? []).flatMap((frame) => decoder.decode(frame).map((event) => ({ event, frame: frame.number })));
  };
  const capture = (): Buffer => captureFile({ captured: lab.wire ?? { frames: [], dropped: 0, leftOut: 0 }, events: [], topology: lab.topology, hostMs: (tMs) => timeline.hostMs(tMs), comment: '' });

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
    const late = ourEvents().flatMap(({ event, frame }): Late[] => (event.event === 'wire:data-retransmission' || event.event === 'wire:out-of-order' ? [{ ...event, frame }] : []));
    const signs = ['out_of_order', 'retransmission', 'fast_retransmission', 'spurious_retransmission'].map((sign) => `tcp.analysis.${sign}`);
    const rows = await tshark(capture(), `tcp.len > 0 and (${signs.join(' or ')})`, ['frame.number']);
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

  test('a reader that stops: tshark sees the same windows of 0, and the same probes', { timeout: 60_000 }, async () => {
    const client = await lab.host('client').start([process.execPath, '--eval', stopper, lab.topology.hosts['backend-1'].ipv4]);
    const isDone = new Promise<void>((resolve) => { client.onLine(() => { resolve(); }); });
    await until(() => (timeline.events.filter(({ event }) => event === 'wire:keep-alive-probe').length >= 3 ? true : undefined), 'three probes of the full window');
    client.send('read on');
    await isDone;
    await lab.settle();
    expect(lab.doubts).toEqual([]);
    const events = ourEvents();
    const rows = await tshark(capture(), 'tcp.port == 8080', ['frame.number', 'tcp.srcport', 'tcp.analysis.zero_window', 'tcp.analysis.keep_alive']);
    const framesOf = (name: string): number[] => events.flatMap(({ event, frame }) => (event.event === name ? [frame] : []));
    expect(framesOf('wire:keep-alive-probe')).toEqual(rows.filter((row) => row['tcp.analysis.keep_alive']).map((row) => Number(row['frame.number'])));
    // tshark marks each segment with a window of 0. We report the first one, until the window opens.
    const fromClient = rows.filter((row) => row['tcp.srcport'] !== '8080');
    const first = fromClient.filter((row, index) => row['tcp.analysis.zero_window'] && !fromClient[index - 1]?.['tcp.analysis.zero_window']);
    expect(framesOf('wire:zero-window')).toEqual(first.map((row) => Number(row['frame.number'])));
    expect(first.length).toBeGreaterThan(0);
    expect(fromClient.filter((row) => row['tcp.analysis.zero_window']).length).toBeGreaterThan(first.length);
  });
});
