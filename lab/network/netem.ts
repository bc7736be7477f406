/**
 * The kernel's own way to be late (tc-netem(8)), where it has one: for what leaves the host, by a time that does not vary. All else
 * is the relay's (lab/network/host-link.ts): netem's chance knows no seed of ours, and it sees only what leaves.
 *
 *   the host's stack ──▶ eth0: prio ─┬─ 1:2 netem ─▶ segment        IPv4 and IPv6
 *                                    └─ 1:1 ───────▶ segment        the link's own housekeeping, and a family that is not hit
 *
 * Whether it is there is found out by trying: a kernel's configuration says nothing of modules that are not installed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './drivers/driver.ts';
import type { ImpairmentName, Impairments } from '../../services/link/impairments.ts';

/** None in practice, as with the relay: netem's own limit is 1000 packets, which a fast link has under way in no time. */
const limitPackets = 1_000_000;

export interface Netem {
  /** Packets that were lost since the last look although no fault asked for it. */
  lost(): Promise<number>;
  /** From here on packets pass at once; those under way arrive when they are due, and then netem is gone. Returns what was lost until then. */
  remove(): Promise<number>;
}

/** Whether netem by itself does what is asked for. */
export function isForNetem<Name extends ImpairmentName>(name: Name, value: Impairments[Name]): boolean {
  return name === 'delay' && value.direction === 'from' && 'jitterMs' in value && value.jitterMs === 0;
}

/** Null where the host has no `tc`, or its kernel lacks a part of it; nothing is left behind then. */
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

/** Lines for `tc -batch`. The first one fails where a queueing discipline is there that is not ours. */
export function buildNetem(device: string, delayMs: number, family: 0 | 4 | 6): string[] {
  const filter = (protocol: 'ip' | 'ipv6', preference: number, match: string, band: 1 | 2): string =>
    `filter add dev ${device} parent 1: protocol ${protocol} pref ${preference} u32 match ${match} flowid 1:${band}`;
  // ICMPv6 is 58; of its types 132 to 135 and 136 to 137 are neighbour discovery (RFC 4861). Groups of the link: RFC 5771, RFC 4291.
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

/** What `tc -s qdisc show` says of netem: packets dropped, and packets under way. */
export function parseQueue(text: string): Queue {
  const of = /qdisc netem 2: [^]*?\(dropped (\d+),[^]*?backlog \S+ (\d+)p/.exec(text);
  return { dropped: Number(of?.[1] ?? 0), waiting: Number(of?.[2] ?? 0) };
}

async function tc(host: Host, lines: readonly string[]): Promise<boolean> {
  return (await host.run(buildBatch(lines))).exitCode === 0;
}

async function mustTc(host: Host, lines: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await host.run(buildBatch(lines));
  if (exitCode !== 0) throw new Error(`\`tc ${lines.join('; ')}\` on ${host.name} ended with ${exitCode}: ${stderr}`);
}

function buildBatch(lines: readonly string[]): string[] {
  return ['sh', '-ec', `tc -batch - <<END\n${lines.join('\n')}\nEND`];
}
