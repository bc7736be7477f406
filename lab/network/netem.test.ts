/** What is netem's and what is the relay's, the commands as exact lines, and the real thing where the kernel has it. */
import { expect, test } from 'vitest';
import type { Host } from './drivers/driver.ts';
import { netns } from './drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { addNetem, buildNetem, isForNetem, parseQueue } from './netem.ts';
import { describeWith, driverWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { addressOf } from '../vocabulary/topology.ts';

const delay = { delayMs: 100, jitterMs: 0, family: 0, direction: 'from' } as const;

test('netem is for what leaves the host, late by a time that does not vary', () => {
  expect(isForNetem('delay', delay)).toBe(true);
  expect(isForNetem('delay', { ...delay, family: 6 })).toBe(true);
  expect(isForNetem('delay', { ...delay, jitterMs: 1 })).toBe(false);
  expect(isForNetem('delay', { ...delay, direction: 'to' })).toBe(false);
  expect(isForNetem('delay', { ...delay, direction: 'both' })).toBe(false);
  expect(isForNetem('loss', { percent: 20, burst: 1, family: 0, direction: 'from' })).toBe(false);
  expect(isForNetem('slow-handshake', { delayMs: 100, family: 0, direction: 'from' })).toBe(false);
});

const qdiscs = [
  'qdisc add dev eth0 root handle 1: prio bands 2 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
  'qdisc add dev eth0 parent 1:2 handle 2: netem limit 1000000 delay 100ms',
];
const ipv4 = [
  'filter add dev eth0 parent 1: protocol ip pref 1 u32 match ip dst 224.0.0.0/24 flowid 1:1',
  'filter add dev eth0 parent 1: protocol ip pref 2 u32 match u32 0 0 flowid 1:2',
];
const ipv6 = [
  'filter add dev eth0 parent 1: protocol ipv6 pref 3 u32 match ip6 dst ff02::/16 flowid 1:1',
  'filter add dev eth0 parent 1: protocol ipv6 pref 4 u32 match u8 58 0xff at 6 match u8 0x84 0xfc at 40 flowid 1:1',
  'filter add dev eth0 parent 1: protocol ipv6 pref 5 u32 match u8 58 0xff at 6 match u8 0x88 0xfe at 40 flowid 1:1',
  'filter add dev eth0 parent 1: protocol ipv6 pref 6 u32 match u32 0 0 flowid 1:2',
];

test('one family or both, and never the link’s own housekeeping', () => {
  expect(buildNetem('eth0', 100, 0)).toEqual([...qdiscs, ...ipv4, ...ipv6]);
  expect(buildNetem('eth0', 100, 4)).toEqual([...qdiscs, ...ipv4]);
  expect(buildNetem('eth0', 100, 6)).toEqual([...qdiscs, ...ipv6]);
});

test('what tc counts', () => {
  const text = `qdisc prio 1: root refcnt 3 bands 2 priomap 0 0
 Sent 9 bytes 1 pkt (dropped 7, overlimits 0 requeues 0)
 backlog 0b 9p requeues 0
qdisc netem 2: parent 1:2 limit 1000000 delay 100ms
 Sent 84 bytes 2 pkt (dropped 3, overlimits 0 requeues 0)
 backlog 196b 4p requeues 0
`;
  expect(parseQueue(text)).toEqual({ dropped: 3, waiting: 4 });
});

test.for([
  ['no tc', [], 127, []],
  ['no such discipline', qdiscs.slice(0, 1), 1, []],
  ['no such filter', ipv4.slice(0, 1), 1, ['qdisc delete dev eth0 root']],
] as const)('%s: not by netem, and nothing is left behind', async ([, failing, code, undoing]) => {
  const ran: string[][] = [];
  const run: Host['run'] = (argv) => {
    const lines = (argv[2] ?? '').split('\n').slice(1, -1);
    ran.push(lines);
    const fails = code === 127 || failing.some((line) => lines.includes(line));
    return Promise.resolve({ exitCode: fails ? code : 0, stdout: '', stderr: '' });
  };
  expect(await addNetem({ run } as Host, 'eth0', delay)).toBe(null);
  expect(ran.slice(code === 127 || failing[0] === qdiscs[0] ? 1 : 2).flat()).toEqual(undoing);
});

/** The host's own word on its queues. */
async function queues(lab: Lab): Promise<string> {
  return (await lab.host('backend-1').run(['tc', 'qdisc', 'show', 'dev', 'eth0'])).stdout;
}

async function fastestMs(lab: Lab, family: 4 | 6): Promise<number> {
  const { stdout } = await lab.host('client').run(['ping', '-c', '10', '-i', '0.02', '-W', '2', addressOf(lab.topology, 'backend-1', family)]);
  return Math.min(...[...stdout.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time)));
}

describeWith(['netns', 'netem', 'ping'], 'netem', () => {
  test('takes a plain delay, stays when a relay joins it, and leaves alone', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const before = await queues(lab);
    const late = await lab.apply('delay', 'backend-1', { delayMs: 100, family: 6 });
    expect(late.observation.observed).toMatch(/, by netem$/);
    expect(await queues(lab)).toContain('netem');
    expect(await fastestMs(lab, 6)).toBeGreaterThan(99.9);
    expect(await fastestMs(lab, 4)).toBeLessThan(50);
    const handshake = await lab.apply('slow-handshake', 'backend-1', { delayMs: 50 });
    expect(handshake.observation.observed).toMatch(/, by relay$/);
    // Each does its own: what passes the relay leaves by eth0, and so by netem.
    expect((await lab.probe.connect('backend-1', 6, 2_000)).tookMs).toBeGreaterThan(149);
    expect(await fastestMs(lab, 6)).toBeGreaterThan(99.9);
    await late.heal();
    expect(await queues(lab)).toBe(before);
    expect(await fastestMs(lab, 6)).toBeLessThan(50);
    // A relay is there already: no netem beside it.
    const again = await lab.apply('delay', 'backend-1', { delayMs: 100 });
    expect(again.observation.observed).toMatch(/, by relay$/);
    expect(await queues(lab)).toBe(before);
    await again.heal();
    await handshake.heal();
    expect(lab.doubts).toEqual([]);
  }, 30_000);

  test('delays neither ARP nor neighbour discovery', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const late = await lab.apply('delay', 'backend-1', { delayMs: 300 });
    for (const family of [4, 6] as const) {
      await lab.probe.host.run(['ip', `-${family}`, 'neigh', 'flush', 'to', addressOf(lab.topology, 'backend-1', family)]);
      const { tookMs } = await lab.probe.connect('backend-1', family, 3_000);
      expect(tookMs, `IPv${family}`).toBeGreaterThan(299);
      expect(tookMs, `IPv${family}`).toBeLessThan(550);
    }
    await late.heal();
    expect(lab.doubts).toEqual([]);
  }, 30_000);

  test('what is under way when it heals arrives', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const late = await lab.apply('delay', 'backend-1', { delayMs: 500 });
    const underWay = lab.probe.connect('backend-1', 4, 3_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await late.heal();
    const { outcome, tookMs } = await underWay;
    expect(outcome).toBe('connected');
    // A lost SYN-ACK would have cost a second.
    expect(tookMs).toBeLessThan(900);
    expect(lab.doubts).toEqual([]);
  }, 30_000);

  test('one that stays when it should go is a doubt', async () => {
    const keep = { on: false };
    const keeping = (host: Host): Partial<Host> => ({
      run: (argv) => (keep.on && argv.some((word) => word.includes('tc -batch')) ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '' }) : host.run(argv)),
    });
    await using lab = await startLab({ driver: driverWith(netns, keeping), timeline: new Timeline(), seed: '1' });
    const late = await lab.apply('delay', 'backend-1');
    keep.on = true;
    await late.heal();
    expect(lab.doubts).toEqual([expect.stringMatching(/^delay backend-1 did not heal: .*the effect of delay backend-1 is still there$/)]);
  }, 30_000);
});
