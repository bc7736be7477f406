/** The link faults in a real lab, judged by ping(8), by the kernel's counters, and by the tests' own connections. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { median } from '../analysis/median.ts';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { ping, untilAllAnswered } from '../testing/ping-command.ts';
import { describeWith, whyMissing } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { addressOf } from '../vocabulary/topology.ts';
import { linkFaults } from './link-faults.ts';
import { atOnceMs, networkOf, see, type Sight } from '../testing/client-sight.ts';

const answers = { connect: 'connected', get: '200' };
const silent = { connect: 'silent' };
const delayMs = 200;
const rateKbit = 256;
const throttledBytes = 12_000;
const throttledMs = (throttledBytes * 8) / rateKbit;

interface Case {
  fault: keyof typeof linkFaults;
  options?: Record<string, string | number>;
  look?: { path?: string; limitMs?: number };
  ipv4: Partial<Sight>;
  ipv6: Partial<Sight>;
  /** The shortest possible times of connect and GET, in milliseconds. A busy machine may add up to `atOnceMs`. */
  connectMs?: number;
  getMs?: number;
}

const patient = { limitMs: 5_000 };

const cases: Case[] = [
  { fault: 'delay', options: { delayMs }, look: patient, ipv4: answers, ipv6: answers, connectMs: delayMs, getMs: delayMs },
  { fault: 'delay', options: { delayMs, direction: 'to' }, look: patient, ipv4: answers, ipv6: answers, connectMs: delayMs, getMs: delayMs },
  { fault: 'delay', options: { delayMs, direction: 'both' }, look: patient, ipv4: answers, ipv6: answers, connectMs: 2 * delayMs, getMs: 2 * delayMs },
  { fault: 'slow-handshake', options: { delayMs }, look: patient, ipv4: answers, ipv6: answers, connectMs: delayMs, getMs: 0 },
  { fault: 'loss', options: { percent: 100, family: 4 }, ipv4: silent, ipv6: answers },
  { fault: 'loss', options: { percent: 100, direction: 'to', family: 6 }, ipv4: answers, ipv6: silent },
  { fault: 'loss', options: { percent: 100, burst: 3, direction: 'both' }, ipv4: silent, ipv6: silent },
  { fault: 'corrupt', options: { percent: 100, family: 6 }, ipv4: answers, ipv6: silent },
  { fault: 'corrupt', options: { percent: 100, family: 4, direction: 'to' }, ipv4: silent, ipv6: answers },
  // TCP hides what happens to single packets. The tests with ping, below, count them.
  { fault: 'duplicate', options: { percent: 100, direction: 'both' }, ipv4: answers, ipv6: answers, connectMs: 0, getMs: 0 },
  { fault: 'reorder', options: { percent: 50 }, look: patient, ipv4: answers, ipv6: answers },
  { fault: 'flap', options: { upMs: 200, downMs: 200 }, look: patient, ipv4: answers, ipv6: answers },
  // Both families share one link.
  { fault: 'throttle', options: { rateKbit }, look: { path: `/bytes/${throttledBytes}`, limitMs: throttledMs * 8 }, ipv4: answers, ipv6: answers },
];

test('every link fault has a case', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(linkFaults)));
});

describeWith(['netns', 'ping', 'ss'], 'link faults', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '7' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test.for(cases.map((each) => ({ title: `${each.fault} ${JSON.stringify(each.options)}`, ...each })))('$title has its effect while in force, and none before and after', async ({ fault, options = {}, look = {}, ipv4, ipv6, connectMs, getMs }) => {
    const before = await networkOf(lab, 'backend-1');
    expect(await see(lab, 'backend-1', patient)).toMatchObject({ 4: answers, 6: answers });
    const applied = await lab.apply(fault, 'backend-1', options);
    expect(await networkOf(lab, 'backend-1')).not.toBe(before);
    const seen = await see(lab, 'backend-1', look);
    expect(seen).toMatchObject({ 4: ipv4, 6: ipv6 });
    for (const { connectMs: connected, getMs: got } of [seen[4], seen[6]]) {
      if (connectMs !== undefined) expectTime(connected, connectMs);
      if (getMs !== undefined) expectTime(got, getMs);
    }
    if (fault === 'throttle') {
      const slowestMs = Math.max(seen[4].getMs, seen[6].getMs);
      expect(slowestMs).toBeGreaterThan(2 * throttledMs);
      // Headers are less than a tenth of a full segment.
      expect(slowestMs).toBeLessThan(2 * throttledMs * 1.1 + atOnceMs);
    }
    await applied.heal();
    const healed = await see(lab, 'backend-1', patient);
    expect(healed).toMatchObject({ 4: answers, 6: answers });
    for (const { connectMs: connected, getMs: got } of [healed[4], healed[6]]) for (const ms of [connected, got]) expectTime(ms, 0);
    expect(await networkOf(lab, 'backend-1')).toBe(before);
    expect(lab.doubts).toEqual([]);
  });

  test.for([[4, 'backend-2'], [6, 'backend-2'], [4, 'dns']] as const)('a delay of 100 ms is 100 ± 2 ms as ping measures it: IPv%i, %s', async ([family, host]) => {
    const applied = await lab.apply('delay', host, { family, delayMs: 100 });
    expect(applied.observation.observed).toMatch(whyMissing('netem') === null ? /, by netem$/ : /, by relay$/);
    const [late, other] = await Promise.all([ping(lab, host, family, 40, 25, untilAllAnswered), ping(lab, host, family === 4 ? 6 : 4, 40, 25)]);
    await applied.heal();
    expect(late.lost).toEqual([]);
    // The test judges the median, because single packets wait for the processor on a busy machine. No packet can be early.
    expect(Math.min(...late.rttsMs)).toBeGreaterThan(99.9);
    // From 100 ms upwards, ping prints whole milliseconds.
    // A busy machine only adds to a round trip, so the fastest one shows the delay of the lab.
    expect(Math.min(...late.rttsMs)).toBeLessThanOrEqual(102);
    expect(Math.min(...other.rttsMs)).toBeLessThan(2);
  });

  test.each([4, 6] as const)('a delay of 100 ms is 100 ± 2 ms as a TCP connect measures it: IPv%i', async (family) => {
    const applied = await lab.apply('delay', 'backend-2', { delayMs: 100 });
    const held = [];
    for (let count = 0; count < 21; count++) held.push(await lab.probe.hold('backend-2', family, 2_000));
    // The kernel itself measures each handshake from SYN to SYN-ACK (RFC 6298 section 2). It does not matter when the process learns of it.
    const { stdout } = await lab.host('observer').run(['ss', `-${family}`, '-tinH', 'state', 'established', 'dport = :8080']);
    const rttsMs = [...stdout.matchAll(/\brtt:([\d.]+)\//g)].map(([, rtt]) => Number(rtt));
    await Promise.all(held.map((each) => each.release()));
    await applied.heal();
    for (const { opened } of held) {
      expect(opened.outcome).toBe('connected');
      expect(opened.tookMs).toBeGreaterThan(99.9);
    }
    expect(rttsMs).toHaveLength(held.length);
    expect(Math.min(...rttsMs)).toBeGreaterThan(99.9);
    expect(Math.min(...rttsMs), rttsMs.join(' ')).toBeLessThan(102);
  });

  test('a jitter is uniform and reorders nothing', async () => {
    const applied = await lab.apply('delay', 'backend-2', { delayMs: 50, jitterMs: 20 });
    // The echoes are further apart than the jitter, so no echo waits for the one before it.
    const { rttsMs, lost } = await ping(lab, 'backend-2', 4, 200, 45, untilAllAnswered);
    const hurried = await ping(lab, 'backend-2', 6, 200, 2);
    await applied.heal();
    expect(lost).toEqual([]);
    expect(Math.min(...rttsMs)).toBeGreaterThan(29.9);
    expect(median(rttsMs)).toBeGreaterThan(50 - 5);
    expect(median(rttsMs)).toBeLessThan(50 + 7);
    // A quarter of 200 is 50, with a standard deviation of 6. The bounds are 4 standard deviations away.
    for (const quarter of [0, 1, 2, 3]) {
      const inside = rttsMs.filter((rttMs) => rttMs >= 30 + 10 * quarter && rttMs < 40 + 10 * quarter).length;
      expect(inside, `round trips from ${30 + 10 * quarter} ms`).toBeGreaterThan(25);
      expect(inside, `round trips from ${30 + 10 * quarter} ms`).toBeLessThan(75);
    }
    expect(hurried.sequences).toEqual(hurried.sequences.toSorted((a, b) => a - b));
  });

  test('loss has the configured rate, and the same seed repeats the same losses', async () => {
    const lostIn = async (options: Record<string, string | number>): Promise<number[]> => {
      const applied = await lab.apply('loss', 'backend-3', options);
      const { lost } = await ping(lab, 'backend-3', 6, 400, 2);
      await applied.heal();
      return lost;
    };
    const lost = await lostIn({ percent: 20, family: 6 });
    // 80 losses are expected, with a standard deviation of 8. The bounds are 4 standard deviations away.
    expect(lost.length).toBeGreaterThan(48);
    expect(lost.length).toBeLessThan(112);
    expect(await lostIn({ percent: 20, family: 6 })).toEqual(lost);
    const runsOf = (sequences: readonly number[]): number => sequences.filter((sequence) => !sequences.includes(sequence - 1)).length;
    const bursts = await lostIn({ percent: 20, burst: 5, family: 6 });
    // With independent losses of a fifth, 1.25 packets are lost in a row on average.
    expect(lost.length / runsOf(lost)).toBeLessThan(2);
    expect(bursts.length / runsOf(bursts)).toBeGreaterThan(3);
  });

  test('duplicated and reordered packets, as ping counts them', async () => {
    const twice = await lab.apply('duplicate', 'backend-3', { percent: 30, family: 4 });
    const doubled = await ping(lab, 'backend-3', 4, 200, 2);
    await twice.heal();
    const copies = doubled.sequences.length - new Set(doubled.sequences).size;
    expect(copies).toBeGreaterThan(34);
    expect(copies).toBeLessThan(86);
    const held = await lab.apply('reorder', 'backend-3', { percent: 20, heldMs: 50, family: 4 });
    const mixed = await ping(lab, 'backend-3', 4, 200, 5, untilAllAnswered);
    await held.heal();
    expect(mixed.lost).toEqual([]);
    expect(mixed.sequences).not.toEqual(mixed.sequences.toSorted((a, b) => a - b));
    expect(mixed.rttsMs.filter((rttMs) => rttMs > 49.9).length).toBeGreaterThan(14);
    expect(mixed.rttsMs.filter((rttMs) => rttMs < 40).length).toBeGreaterThan(100);
  });

  test.each(['loss', 'corrupt', 'reorder', 'duplicate'] as const)('under %s a body arrives whole, because TCP retransmits and reorders', async (fault) => {
    const applied = await lab.apply(fault, 'backend-1', { percent: 5, direction: 'both' });
    const body = await lab.host('client').run(['sh', '-c', `"$0" --eval "require('http').get('http://${addressOf(lab.topology, 'backend-1', 4)}:8080/bytes/300000', (response) => { const hash = require('crypto').createHash('sha256'); response.on('data', (data) => hash.update(data)).on('end', () => console.log(hash.digest('hex'))); })"`, process.execPath]);
    await applied.heal();
    const { createHash } = await import('node:crypto');
    expect(body.stdout.trim()).toBe(createHash('sha256').update(Buffer.alloc(300_000)).digest('hex'));
    expect(lab.doubts).toEqual([]);
  });

  test('throttle slows echoes down in each direction: to the host, from the host, and both', async () => {
    // Ten echoes of 1400 bytes leave at once and wait for each other in the queue.
    const expectedMs = (10 * (1_400 + 42) * 8) / rateKbit;
    for (const direction of ['to', 'from', 'both']) {
      const applied = await lab.apply('throttle', 'dns', { rateKbit, direction });
      const { rttsMs, spanMs } = await ping(lab, 'dns', 4, 10, 10, ['-s', '1392', '-l', '10']);
      await applied.heal();
      // On a busy machine the last echo leaves later than the first one, and waits less in the queue. All of them cannot be through sooner.
      expect(spanMs, direction).toBeGreaterThan(expectedMs - 10);
      expect(Math.max(...rttsMs), direction).toBeLessThan(expectedMs * 1.3 + atOnceMs);
    }
  });

  test('a flapping link is silent for the configured time, again and again', async () => {
    const applied = await lab.apply('flap', 'backend-2', { upMs: 300, downMs: 200 });
    const { lost } = await ping(lab, 'backend-2', 6, 200, 10);
    await applied.heal();
    const starts = lost.filter((sequence) => !lost.includes(sequence - 1));
    // The echoes take 2 s, and a cycle takes half a second. The first cycle may begin at any point.
    expect(starts.length).toBeGreaterThanOrEqual(3);
    expect(starts.length).toBeLessThanOrEqual(8);
    expect(lost.length).toBeGreaterThan(200 * 0.4 - 30);
    expect(lost.length).toBeLessThan(200 * 0.4 + 30);
  });

  describe('several faults at once', () => {
    test('delay and loss on one host: both effects show, and each fault heals by itself, in either order', async () => {
      const before = await networkOf(lab, 'backend-1');
      for (const first of ['delay', 'loss'] as const) {
        const applied = { delay: await lab.apply('delay', 'backend-1', { delayMs: 50 }), loss: await lab.apply('loss', 'backend-1', { percent: 30 }) };
        const both = await ping(lab, 'backend-1', 4, 100, 5);
        expect(Math.min(...both.rttsMs)).toBeGreaterThan(49.9);
        expect(both.lost.length).toBeGreaterThan(10);
        await applied[first].heal();
        const one = await ping(lab, 'backend-1', 4, 100, 5, first === 'delay' ? [] : untilAllAnswered);
        if (first === 'delay') expect(median(one.rttsMs)).toBeLessThan(10);
        else expect(one.lost).toEqual([]);
        await applied[first === 'delay' ? 'loss' : 'delay'].heal();
        const none = await ping(lab, 'backend-1', 4, 50, 5, untilAllAnswered);
        expect(none.lost).toEqual([]);
        expect(median(none.rttsMs)).toBeLessThan(10);
      }
      expect(await networkOf(lab, 'backend-1')).toBe(before);
      expect(lab.doubts).toEqual([]);
    }, 40_000);

    test.each(['blackhole', 'unreachable', 'vanish'] as const)('delay, then %s on the same host: delay heals first', async (fault) => {
      const before = await networkOf(lab, 'backend-1');
      const late = await lab.apply('delay', 'backend-1', { delayMs: 20 });
      const other = await lab.apply(fault, 'backend-1');
      await late.heal();
      await other.heal();
      expect(await see(lab, 'backend-1', patient)).toMatchObject({ 4: answers, 6: answers });
      // If ARP is switched on while the link is down, the kernel does not restore the subnet-router anycast address (RFC 4291 section 2.6.1) of the link-local network.
      const withoutAnycast = (text: string): string => text.replaceAll(/^anycast .*\n/gm, '');
      expect(withoutAnycast(await networkOf(lab, 'backend-1'))).toBe(withoutAnycast(before));
      expect(lab.doubts).toEqual([]);
    });
  });

  test('the host keeps its neighbour entries when the relay is inserted', async () => {
    const known = async (): Promise<string[]> => {
      const { stdout } = await lab.host('backend-2').run(['ip', 'neighbour', 'show']);
      return [...stdout.matchAll(/^(\S+) dev \S+ lladdr (\S+)/gm)].map(([, ...entry]) => entry.join(' ')).filter((entry) => !entry.startsWith('fe80')).sort();
    };
    await see(lab, 'backend-2', patient);
    const before = await known();
    expect(before.length).toBeGreaterThanOrEqual(2);
    // No IP packet arrives from a neighbour, so no traffic makes the host learn its neighbours again.
    const applied = await lab.apply('loss', 'backend-2', { percent: 100, direction: 'to' });
    expect(await known()).toEqual(before);
    await applied.heal();
  });

  test('established connections survive applying and healing', async () => {
    const held = await Promise.all(([4, 6] as const).map((family) => lab.probe.hold('backend-3', family)));
    const get = async (): Promise<string[]> => (await Promise.all(held.map((each) => each.get('/', { timeoutMs: 3_000 })))).map(({ outcome }) => outcome);
    /** The segment sizes, which must not change: a connection whose route was deleted sends its next write in pieces of 36 bytes. */
    const segmentBytes = async (): Promise<number[]> => {
      const { stdout } = await lab.host('backend-3').run(['ss', '-tinH', 'state', 'established', 'sport = :8080']);
      return [...stdout.matchAll(/\bmss:(\d+)/g)].map(([, mss]) => Number(mss)).toSorted((a, b) => a - b);
    };
    const baseline = await get();
    const segments = await segmentBytes();
    expect(segments).toEqual([1_428, 1_448]);
    for (const round of [1, 2, 3]) {
      const applied = await lab.apply('delay', 'backend-3', { delayMs: 30 });
      expect(await get(), `in force, round ${round}`).toEqual(baseline);
      expect(await segmentBytes(), `in force, round ${round}`).toEqual(segments);
      await applied.heal();
      expect(await get(), `healed, round ${round}`).toEqual(baseline);
      expect(await segmentBytes(), `healed, round ${round}`).toEqual(segments);
    }
    await Promise.all(held.map((each) => each.release()));
  });

  test('`apply` rejects a jitter larger than the delay, and no fault is in force', async () => {
    await expect(lab.apply('delay', 'backend-1', { delayMs: 10, jitterMs: 11 })).rejects.toThrow('Expected the jitter to be no more than the delay of 10 ms, got 11 ms');
    expect(lab.inForce).toEqual([]);
  });
});

/** Expects a time that is not early, except for the rounding of the clocks, and late by at most the cost of a busy machine. */
function expectTime(ms: number, expectedMs: number): void {
  expect(ms).toBeGreaterThan(expectedMs - 1);
  expect(ms).toBeLessThan(expectedMs + atOnceMs);
}
