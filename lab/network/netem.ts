/**
 * A constant delay by the kernel's own netem (tc-netem(8)), if the kernel has it. The lab uses netem only for a constant delay of packets
 * that leave the host. The relay carries out all other impairments (lab/network/host-link.ts): the random numbers of netem do not
 * depend on our seed, and netem sees only packets that leave.
 *
 *   the host's stack ──▶ eth0: prio ─┬─ 1:2 netem ─▶ segment        IPv4 and IPv6
 *                                    └─ 1:1 ───────▶ segment        ARP, neighbour discovery, link-local multicast; a family without the fault
 *
 * The lab tries netem to find out whether it is there. The kernel's configuration does not tell whether its modules are installed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './drivers/driver.ts';
import type { ImpairmentName, Impairments } from '../../services/link/impairments.ts';

/** In practice no limit, as with the relay. netem's default limit is 1000 packets, and a fast link soon has more under way. */
const limitPackets = 1_000_000;

export interface Netem {
  /** Returns how many packets were lost since the last call although no fault asked for it. */
  lost(): Promise<number>;
  /**
   * Stops the delay for new packets. Packets that are under way arrive when they are due, and netem is removed after that.
   * Returns how many packets were lost since the last call of `lost`.
   */
  remove(): Promise<number>;
}

/** Whether netem alone can carry out the impairment: a constant delay of packets that leave the host. */
export function isForNetem<Name extends ImpairmentName>(name: Name, value: Impairments[Name]): boolean {
  return name === 'delay' && value.direction === 'from' && 'jitterMs' in value && value.jitterMs === 0;
}

/**
 * Puts a delay in force on `device`.
 * Returns null, and leaves nothing behind, if the host has no `tc` or its kernel lacks a part of netem.
 */
export async function addNetem(host: Host, device: string, { delayMs, family }: Impairments['delay']): Promise<Netem | null> {
  const [root = '', ...rest] = buildNetem(device, delayMs, family);
  if (!(await tc(host, [root]))) return null;
  if (!(await tc(host, rest))) {
    await mustTc(host, [buildRemoval(device)]);
    return null;
  }
  let known = 0;
  const look = async (): Promise<Queue> => parseQueue((await host.run(['tc', '-s', 'qdisc', 'show', 'dev', device])).stdout);
  const lost = async (): Promise<number> => {
    const { dropped } = await look();
    const more = dropped - known;
    known = dropped;
    return more;
  };
  return {
    lost,
    remove: async () => {
      await mustTc(host, [`filter delete dev ${device} parent 1:`]);
      const endMs = performance.now() + delayMs + 1_000;
      while ((await look()).waiting > 0 && performance.now() < endMs) await sleep(5);
      const more = await lost();
      await mustTc(host, [buildRemoval(device)]);
      return more;
    },
  };
}

/** Lines for `tc -batch`. The first line fails if the device already has a queueing discipline that is not ours. */
export function buildNetem(device: string, delayMs: number, family: 0 | 4 | 6): string[] {
  const filter = (protocol: 'ip' | 'ipv6', preference: number, match: string, band: 1 | 2): string =>
    `filter add dev ${device} parent 1: protocol ${protocol} pref ${preference} u32 match ${match} flowid 1:${band}`;
  // ICMPv6 is protocol 58. The two masks match its types 132 to 135 and 136 to 137, which contain neighbour discovery (RFC 4861).
  // Link-local multicast: RFC 5771 (IPv4), RFC 4291 (IPv6).
  const icmpv6 = (type: string): string => `u8 58 0xff at 6 match u8 ${type} at 40`;
  return [
    `qdisc add dev ${device} root handle 1: prio bands 2 priomap ${Array(16).fill(0).join(' ')}`,
    `qdisc add dev ${device} parent 1:2 handle 2: netem limit ${limitPackets} delay ${delayMs}ms`,
    ...(family === 6 ? [] : [filter('ip', 1, 'ip dst 224.0.0.0/24', 1), filter('ip', 2, 'u32 0 0', 2)]),
    ...(family === 4 ? [] : [
      filter('ipv6', 3, 'ip6 dst ff02::/16', 1),
      filter('ipv6', 4, icmpv6('0x84 0xfc'), 1),
      filter('ipv6', 5, icmpv6('0x88 0xfe'), 1),
      filter('ipv6', 6, 'u32 0 0', 2),
    ]),
  ];
}

function buildRemoval(device: string): string {
  return `qdisc delete dev ${device} root`;
}

interface Queue {
  dropped: number;
  waiting: number;
}

/** Reads from `tc -s qdisc show` how many packets netem has dropped, and how many are under way. */
export function parseQueue(text: string): Queue {
  const of = /qdisc netem 2: [^]*?\(dropped (\d+),[^]*?backlog \S+ (\d+)p/.exec(text);
  return { dropped: Number(of?.[1] ?? 0), waiting: Number(of?.[2] ?? 0) };
}

async function tc(host: Host, lines: readonly string[]): Promise<boolean> {
  return (await host.run(buildBatch(lines))).exitCode === 0;
}

async function mustTc(host: Host, lines: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await host.run(buildBatch(lines));
  if (exitCode !== 0) throw new Error(`\`tc ${lines.join('; ')}\` on ${host.name} ended with exit status ${exitCode}: ${stderr}`);
}

function buildBatch(lines: readonly string[]): string[] {
  return ['sh', '-ec', `tc -batch - <<END\n${lines.join('\n')}\nEND`];
}
