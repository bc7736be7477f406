/** Which impairments netem carries out, the tc commands as exact lines, and netem itself if the kernel has it. */
import { expect, test } from 'vitest';
import type { Host } from './drivers/driver.ts';
import { netns } from './drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { addNetem, buildNetem, isForNetem, parseQueue } from './netem.ts';
import { describeWith, driverWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { addressOf } from '../vocabulary/topology.ts';

const delay = { delayMs: 100, jitterMs: 0, family: 0, direction: 'from' } as const;

test('netem is used only for a constant delay of packets that leave the host', () => {
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

test('the commands delay one family or both, and never neighbour discovery or link-local multicast', () => {
  expect(buildNetem('eth0', 100, 0)).toEqual([...qdiscs, ...ipv4, ...ipv6]);
  expect(buildNetem('eth0', 100, 4)).toEqual([...qdiscs, ...ipv4]);
  expect(buildNetem('eth0', 100, 6)).toEqual([...qdiscs, ...ipv6]);
});

test('parseQueue reads the counters of netem, and not those of prio', () => {
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
  ['no prio in the kernel', qdiscs.slice(0, 1), 1, []],
  ['no filter in the kernel', ipv4.slice(0, 1), 1, ['qdisc delete dev eth0 root']],
] as const)('%s: addNetem returns null and leaves nothing behind', async ([, failing, code, undoing]) => {
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

/** The queueing disciplines of backend-1, as tc shows them. */
async function queues(lab: Lab): Promise<string> {
  return (await lab.host('backend-1').run(['tc', 'qdisc', 'show', 'dev', 'eth0'])).stdout;
}

async function fastestMs(lab: Lab, family: 4 | 6): Promise<number> {
  const { stdout } = await lab.host('client').run(['ping', '-c', '10', '-i', '0.02', '-W', '2', addressOf(lab.topology, 'backend-1', family)]);
  return Math.min(...[...stdout.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time)));
}

describeWith(['netns', 'netem', 'ping'], 'netem', () => {
  test('carries out a constant delay, also beside a relay that is inserted later, and is removed alone', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const before = await queues(lab);
    const late = await lab.apply('delay', 'backend-1', { delayMs: 100, family: 6 });
    expect(late.observation.observed).toMatch(/, by netem$/);
    expect(await queues(lab)).toContain('netem');
    expect(await fastestMs(lab, 6)).toBeGreaterThan(99.9);
    expect(await fastestMs(lab, 4)).toBeLessThan(50);
    const handshake = await lab.apply('slow-handshake', 'backend-1', { delayMs: 50 });
    expect(handshake.observation.observed).toMatch(/, by relay$/);
    // The two delays add up: packets from the relay leave through eth0, and so through netem.
    expect((await lab.probe.connect('backend-1', 6, 2_000)).tookMs).toBeGreaterThan(149);
    expect(await fastestMs(lab, 6)).toBeGreaterThan(99.9);
    await late.heal();
    expect(await queues(lab)).toBe(before);
    expect(await fastestMs(lab, 6)).toBeLessThan(50);
    // The relay is already there, so netem is not added beside it.
    const again = await lab.apply('delay', 'backend-1', { delayMs: 100 });
    expect(again.observation.observed).toMatch(/, by relay$/);
    expect(await queues(lab)).toBe(before);
    await again.heal();
    await handshake.heal();
    expect(lab.doubts).toEqual([]);
  });

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
  });

  test('packets that are under way when the fault heals still arrive', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const late = await lab.apply('delay', 'backend-1', { delayMs: 500 });
    const underWay = lab.probe.connect('backend-1', 4, 3_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await late.heal();
    const { outcome, tookMs } = await underWay;
    expect(outcome).toBe('connected');
    // A lost SYN-ACK would have cost 1 s.
    expect(tookMs).toBeLessThan(900);
    expect(lab.doubts).toEqual([]);
  });

  test('a netem that is still there after healing is a doubt', async () => {
    const keep = { on: false };
    const keeping = (host: Host): Partial<Host> => ({
      run: (argv) => (keep.on && argv.some((word) => word.includes('tc -batch')) ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '' }) : host.run(argv)),
    });
    await using lab = await startLab({ driver: driverWith(netns, keeping), timeline: new Timeline(), seed: '1' });
    const late = await lab.apply('delay', 'backend-1');
    keep.on = true;
    await late.heal();
    expect(lab.doubts).toEqual([expect.stringMatching(/^delay backend-1 did not heal: .*the effect of delay backend-1 is still there$/)]);
  });
});
