/**
 * The link between a host and the segment, and the impairments of that link. The kernel's netem carries out a constant delay, if the kernel
 * has netem (lab/network/netem.ts). For all other impairments the lab inserts a relay into the link. When the last of these faults
 * is healed, the lab removes the relay, and the host is as it was before.
 *
 *   healthy     segment ── eth0 ── the host's stack                   eth0 has the host's addresses
 *   impaired    segment ── eth0 ── relay ── outer ══ inner ── stack   inner has the IPv6 addresses, the IPv4 routes and eth0's hardware address
 *
 * Every kernel has the parts that this needs (veth(4), packet(7)). Connections survive the insertion and the removal of the relay. The
 * hardware address moves to inner, so the neighbours' caches stay right. Each address is on both interfaces before it is
 * deleted from the first one. The relay carries only frames that are not addressed to eth0's own hardware address. So a single
 * change, that of eth0's hardware address, decides whether eth0's own stack or the relay takes a frame.
 */
import type { Host } from './drivers/driver.ts';
import { messageOf } from '../vocabulary/errors.ts';
import { Turns } from '../vocabulary/limits.ts';
import { addNetem, isForNetem, type Netem } from './netem.ts';
import type { Remote } from './remote.ts';
import { untilUsable } from './usable-address.ts';
import { interfaceName } from '../vocabulary/topology.ts';
import type { ImpairmentName, Impairments } from '../../services/link/impairments.ts';
import type { RelayCounts, RelayOptions } from '../../services/link/relay.ts';

const [segment, outer, inner] = [interfaceName, 'outer', 'inner'];
/** A locally administered address (IEEE 802 section 8.4) that no host has. The segment never sees it. */
const unusedHardwareAddress = '02:00:00:00:00:01';

/** The addresses and neighbours of eth0, as `ip` shows them. */
export interface Placement {
  hardwareAddress: string;
  mtu: number;
  ipv4: { address: string; prefixLength: number }[];
  /** Each address with its prefix length: `2001:db8:1::11/64`. */
  ipv6: string[];
  neighbours: { address: string; hardwareAddress: string }[];
}

/** The mechanism that carries out an impairment. */
export type LinkMechanism = 'netem' | 'relay';

/** The host of a link, and the functions that the link calls. */
export interface LinkMeans {
  host: Host;
  seed: string;
  startRelay(options: RelayOptions): Promise<Remote>;
  /** Called when frames were lost although no fault asked for it. */
  onTrouble(by: LinkMechanism, reason: string): void;
}

/** The link of one host, and the impairments in force on it. */
export class Link {
  readonly #means: LinkMeans;
  readonly #inForce = new Set<ImpairmentName>();
  #netem: (Netem & { name: ImpairmentName }) | undefined;
  #relay: { remote: Remote; placement: Placement } | undefined;
  #dropped = 0;
  /** One change at a time. */
  readonly #turns = new Turns();

  constructor(means: LinkMeans) {
    this.#means = means;
  }

  /** Puts an impairment in force. Returns the function that heals it. */
  async impair<Name extends ImpairmentName>(name: Name, value: Impairments[Name]): Promise<() => Promise<void>> {
    const removeNetem = await this.#turns.take(() => this.#tryNetem(name, value));
    if (removeNetem) return () => this.#turns.take(removeNetem);
    await this.#turns.take(async () => {
      const { remote } = (this.#relay ??= await this.#insert());
      this.#inForce.add(name);
      await remote.call('set', { name, value }).catch(async (error: unknown) => {
        await this.#heal(name);
        throw error;
      });
    });
    return () => this.#turns.take(() => this.#heal(name));
  }

  async #heal(name: ImpairmentName): Promise<void> {
    const remote = this.#relay?.remote;
    // A relay that has ended carries no frame at all. Its removal alone can heal the link.
    if (remote && (await remote.process.state()) !== null) await remote.call('set', { name, value: null });
    this.#inForce.delete(name);
    if (this.#inForce.size === 0) await this.#remove();
  }

  /** Returns the mechanism that carries out the impairment. */
  by(name: ImpairmentName): LinkMechanism {
    return this.#netem?.name === name ? 'netem' : 'relay';
  }

  /** Adds or deletes an address of the host, on the interface that has the host's addresses at the moment. `address` has a prefix length. */
  async changeAddress(action: 'add' | 'delete', address: string): Promise<void> {
    await this.#turns.take(async () => {
      const placement = this.#relay?.placement;
      const relayed = placement !== undefined;
      const added = action === 'add' && isIPv6Prefix(address) ? [address] : [];
      await this.#change(batch([buildAddress(action, address, relayed)]), untilUsable(added, relayed ? inner : segment));
      if (!placement || !isIPv6Prefix(address)) return;
      placement.ipv6 = action === 'add' ? [...placement.ipv6, address] : placement.ipv6.filter((each) => each !== address);
    });
  }

  /** Reports the frames that were lost since the last report. */
  async sync(): Promise<void> {
    await this.#turns.take(async () => {
      if (this.#netem) this.#reportLost('netem', await this.#netem.lost());
      if (this.#relay) await this.#countLosses(this.#relay.remote).catch((error: unknown) => { this.#means.onTrouble('relay', messageOf(error)); });
    });
  }

  /**
   * The one place that decides between netem and relay. If a relay is already there, netem is not added. A relay that is inserted later
   * sends its frames through eth0, and so through netem: each carries out its own impairment, and each is healed by itself.
   */
  async #tryNetem<Name extends ImpairmentName>(name: Name, value: Impairments[Name]): Promise<(() => Promise<void>) | null> {
    if (this.#relay || !isForNetem(name, value)) return null;
    const netem = await addNetem(this.#means.host, segment, value as Impairments['delay']);
    if (!netem) return null;
    this.#netem = { name, ...netem };
    return async () => {
      this.#reportLost('netem', await netem.remove());
      this.#netem = undefined;
    };
  }

  async #insert(): Promise<{ remote: Remote; placement: Placement }> {
    const { host, seed, startRelay } = this.#means;
    const placement = await this.#look();
    await this.#change(batch(buildPair(placement)));
    try {
      const remote = await startRelay({ segment, host: outer, seed });
      await this.#change(buildInsertion(placement));
      this.#dropped = 0;
      return { remote, placement };
    } catch (error) {
      await host.run(['ip', 'link', 'delete', 'dev', outer]);
      throw error;
    }
  }

  async #remove(): Promise<void> {
    const relay = this.#relay;
    if (!relay) return;
    await this.#change(buildRemoval(relay.placement));
    this.#relay = undefined;
    if ((await relay.remote.process.state()) !== null) {
      await this.#countLosses(relay.remote);
      relay.remote.expectExit();
      await relay.remote.process.signal('SIGKILL');
      await relay.remote.process.exited;
    }
    await this.#change(batch([`link delete dev ${outer}`]));
  }

  async #countLosses(remote: Remote): Promise<void> {
    const { dropped } = await remote.call<RelayCounts>('count');
    const more = dropped - this.#dropped;
    if (more > 0) this.#dropped = dropped;
    this.#reportLost('relay', more);
  }

  #reportLost(by: LinkMechanism, frames: number): void {
    if (frames > 0) this.#means.onTrouble(by, `on ${this.#means.host.name} lost ${frames} frames although no fault asked for it`);
  }

  async #look(): Promise<Placement> {
    const { stdout } = await this.#run(['sh', '-ec', `ip -o link show dev ${segment}; ip -o address show dev ${segment}; ip neighbour show dev ${segment}`]);
    return parsePlacement(stdout);
  }

  async #change(...commands: readonly string[]): Promise<void> {
    await this.#run(['sh', '-ec', commands.join('\n')]);
  }

  async #run(argv: readonly string[]): Promise<{ stdout: string }> {
    const { exitCode, stdout, stderr } = await this.#means.host.run(argv);
    if (exitCode !== 0) throw new Error(`\`${argv.join(' ')}\` on ${this.#means.host.name} ended with exit status ${exitCode}: ${stderr}`);
    return { stdout };
  }
}

/** Reads the output of `ip -o` and `ip neighbour`. Link-local addresses stay on eth0, because the lab does not use them. */
export function parsePlacement(text: string): Placement {
  return {
    hardwareAddress: /link\/ether (\S+)/.exec(text)?.[1] ?? '',
    mtu: Number(/ mtu (\d+)/.exec(text)?.[1] ?? 1_500),
    ipv4: [...text.matchAll(/ inet (\S+)\/(\d+) .*scope global/g)].map(([, address = '', prefixLength]) => ({ address, prefixLength: Number(prefixLength) })),
    ipv6: [...text.matchAll(/ inet6 (\S+) scope global/g)].map(([, address = '']) => address),
    neighbours: [...text.matchAll(/^(\S+) lladdr (\S+)/gm)].map(([, address = '', hardwareAddress = '']) => ({ address, hardwareAddress })),
  };
}

/**
 * The `ip` line that adds or deletes an address. IPv4 addresses stay on eth0, because the host answers ARP for them on any interface.
 * `nodad`: without it, an IPv6 address would be tentative for a second, and the first SYN to it would be lost.
 */
export function buildAddress(action: 'add' | 'delete', address: string, relayed: boolean): string {
  const onInner = relayed && isIPv6Prefix(address);
  const flags = action === 'delete' || !isIPv6Prefix(address) ? '' : onInner ? ' nodad noprefixroute' : ' nodad';
  return `address ${action} ${address} dev ${onInner ? inner : segment}${flags}`;
}

function isIPv6Prefix(address: string): boolean {
  return address.includes(':');
}

/** A shell command that carries out `ip` lines. */
function batch(lines: readonly string[]): string {
  return `ip -batch - <<END\n${lines.join('\n')}\nEND`;
}

/** The `ip` lines that make the pair of interfaces between the relay and the stack. Only inner sends packets of its own: outer has no address. */
export function buildPair({ hardwareAddress, mtu }: Placement): string[] {
  return [
    `link add dev ${inner} address ${hardwareAddress} mtu ${mtu} type veth peer name ${outer} mtu ${mtu}`,
    `link set dev ${inner} addrgenmode none`,
    `link set dev ${outer} addrgenmode none`,
    `link set dev ${inner} up`,
    `link set dev ${outer} up`,
  ];
}

/**
 * The shell commands that move the host's traffic from eth0 to inner.
 *
 * IPv4: the address and its route stay on eth0. Two routes with longer prefixes lead over inner. If the route were deleted, each connection
 * that has used it would have an MTU of 68 for its next write (dst_dev_put() and blackhole_netdev in the kernel's net/core/dst.c).
 * For the same reason, the routes that are added and deleted here have an MTU of their own.
 *
 * IPv6: an address answers neighbour solicitations on the interface that has it, so it moves to inner. A placeholder address keeps the
 * route on eth0.
 *
 * ARP is switched off while eth0 has no IPv6 address of the host. The switch starts duplicate address detection again, and
 * during that time, up to 1 s, an address on eth0 would not answer.
 *
 * The neighbours stay known. A host that asks for a neighbour while its link is down asks again only after 1 s, and is silent until then.
 *
 * All addresses of a family are in one network, so one route is enough for them.
 */
export function buildInsertion({ ipv4, ipv6, mtu, neighbours }: Placement): string {
  const added = [
    ...neighbours.map(({ address, hardwareAddress }) => `neighbour replace ${address} lladdr ${hardwareAddress} dev ${inner} nud stale`),
    ...ipv6.map((address) => `address add ${address} dev ${inner} nodad noprefixroute`),
    ...ipv6.slice(0, 1).map((address) => `route add ${address} dev ${inner} metric ${beforeTheKernels} mtu ${mtu}`),
    ...ipv6.slice(0, 1).map((address) => `address add ${placeholderFor(address)} dev ${segment} nodad`),
    ...ipv4.slice(0, 1).flatMap(({ address, prefixLength }) => halvesOf(address, prefixLength).map((half) => `route add ${half} dev ${inner} src ${address} mtu ${mtu}`)),
  ];
  const moved = [
    ...ipv6.map((address) => `address delete ${address} dev ${segment}`),
    `link set dev ${segment} arp off`,
    `link set dev ${segment} address ${unusedHardwareAddress}`,
  ];
  return [batch(added), untilUsable(ipv6, inner), batch(moved)].join('\n');
}

/** The shell commands that move the host's traffic back to eth0. The hardware address changes first, so that eth0's own stack takes the frames again. */
export function buildRemoval({ hardwareAddress, ipv4, ipv6 }: Placement): string {
  const moved = [
    `link set dev ${segment} address ${hardwareAddress}`,
    `link set dev ${segment} arp on`,
    ...ipv6.map((address) => `address add ${address} dev ${segment} nodad`),
  ];
  const deleted = [
    ...ipv6.slice(0, 1).flatMap((address) => [`address delete ${placeholderFor(address)} dev ${segment}`, `route delete ${address} dev ${inner}`]),
    ...ipv6.map((address) => `address delete ${address} dev ${inner}`),
    ...ipv4.slice(0, 1).flatMap(({ address, prefixLength }) => halvesOf(address, prefixLength).map((half) => `route delete ${half} dev ${inner}`)),
  ];
  return [batch(moved), untilUsable(ipv6, segment), batch(deleted)].join('\n');
}

/** A metric below 256, which is the metric of the kernel's own route to the network of an address. */
const beforeTheKernels = 128;

/** An address of the same network that no host has. eth0 keeps its route as long as it has this address. */
function placeholderFor(address: string): string {
  return address.replace(/[^:]+(?=\/)/, 'fa7e');
}

/** The two halves of the network. A route to a half is more specific than the route to the network. */
function halvesOf(address: string, prefixLength: number): string[] {
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const hosts = 2 ** (32 - prefixLength);
  const network = bits - (bits % hosts);
  return [network, network + hosts / 2].map((first) => `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${prefixLength + 1}`);
}
