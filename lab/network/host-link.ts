/**
 * A host's link to the segment, and what can be wrong with it. The kernel's netem is taken for what it does alike (lab/network/netem.ts),
 * where it is there; for all else a relay stands between the two, and when the last fault is healed it is gone, and the host is as it was.
 *
 *   healthy     segment ── eth0 ── the host's stack                   eth0 has the host's addresses
 *   impaired    segment ── eth0 ── relay ── outer ══ inner ── stack   inner has the IPv6 ones, IPv4's routes, and eth0's hardware address
 *
 * Every kernel has what this needs (veth(4), packet(7)). Connections live through both changes:
 * the hardware address moves with them, so that the neighbours' caches stay right, and each address is on both interfaces before
 * it is taken from the first. The relay carries only what was not addressed to eth0's own hardware address, so
 * the one moment at which eth0's changes decides who takes a frame: its own stack, or the relay.
 */
import type { Host } from './drivers/driver.ts';
import { messageOf } from '../vocabulary/errors.ts';
import { addNetem, isForNetem, type Netem } from './netem.ts';
import type { Remote } from './remote.ts';
import { interfaceName } from '../vocabulary/topology.ts';
import type { ImpairmentName, Impairments } from '../../services/link/impairments.ts';
import type { RelayCounts, RelayOptions } from '../../services/link/relay.ts';

const [segment, outer, inner] = [interfaceName, 'outer', 'inner'];
/** Locally administered (IEEE 802 section 8.4), and nobody's: the segment never hears of it. */
const unusedHardwareAddress = '02:00:00:00:00:01';

/** What eth0 has, as `ip` says it. */
export interface Placement {
  hardwareAddress: string;
  mtu: number;
  ipv4: { address: string; prefixLength: number }[];
  /** With their prefix lengths. */
  ipv6: string[];
  neighbours: { address: string; hardwareAddress: string }[];
}

/** Who does to the packets what a fault asks for. */
export type LinkMechanism = 'netem' | 'relay';

export interface LinkMeans {
  host: Host;
  seed: string;
  startRelay(options: RelayOptions): Promise<Remote>;
  /** Hears of frames that were lost although no fault asked for it. */
  onTrouble(by: LinkMechanism, reason: string): void;
}

export class Link {
  readonly #means: LinkMeans;
  readonly #inForce = new Set<ImpairmentName>();
  #netem: (Netem & { name: ImpairmentName }) | undefined;
  #relay: { remote: Remote; placement: Placement } | undefined;
  #dropped = 0;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(means: LinkMeans) {
    this.#means = means;
  }

  /** Puts an impairment in force; what is returned takes it away. */
  async impair<Name extends ImpairmentName>(name: Name, value: Impairments[Name]): Promise<() => Promise<void>> {
    const removeNetem = await this.#inTurn(() => this.#tryNetem(name, value));
    if (removeNetem) return () => this.#inTurn(removeNetem);
    await this.#inTurn(async () => {
      const { remote } = (this.#relay ??= await this.#insert());
      this.#inForce.add(name);
      await remote.call('set', { name, value });
    });
    return () =>
      this.#inTurn(async () => {
        await this.#relay?.remote.call('set', { name, value: null });
        this.#inForce.delete(name);
        if (this.#inForce.size === 0) await this.#remove();
      });
  }

  /** Who does it. */
  by(name: ImpairmentName): LinkMechanism {
    return this.#netem?.name === name ? 'netem' : 'relay';
  }

  /** Gives the host an address of the segment's network, with its prefix length, or takes it away, wherever its addresses are at the moment. */
  async changeAddress(action: 'add' | 'delete', address: string): Promise<void> {
    await this.#inTurn(async () => {
      const placement = this.#relay?.placement;
      await this.#ip([buildAddress(action, address, placement !== undefined)]);
      if (!placement || !isIPv6Prefix(address)) return;
      placement.ipv6 = action === 'add' ? [...placement.ipv6, address] : placement.ipv6.filter((each) => each !== address);
    });
  }

  /** Reports what has been lost so far. */
  async sync(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#netem) this.#reportLost('netem', await this.#netem.lost());
      if (this.#relay) await this.#countLosses(this.#relay.remote).catch((error: unknown) => { this.#means.onTrouble('relay', messageOf(error)); });
    });
  }

  /**
   * The one place that decides. Not beside a relay that is there already; a relay that comes later sends through netem, as all that
   * leaves eth0 goes, so each does its own and is healed by itself.
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
    await this.#ip(buildPair(placement));
    try {
      const remote = await startRelay({ segment, host: outer, seed });
      await this.#ip(buildInsertion(placement));
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
    await this.#ip(buildRemoval(relay.placement));
    this.#relay = undefined;
    await this.#countLosses(relay.remote);
    relay.remote.expectExit();
    await relay.remote.process.signal('SIGKILL');
    await relay.remote.process.exited;
    await this.#ip([`link delete dev ${outer}`]);
  }

  async #countLosses(remote: Remote): Promise<void> {
    const { dropped } = await remote.call<RelayCounts>('count');
    const more = dropped - this.#dropped;
    if (more > 0) this.#dropped = dropped;
    this.#reportLost('relay', more);
  }

  #reportLost(by: LinkMechanism, frames: number): void {
    if (frames > 0) this.#means.onTrouble(by, `on ${this.#means.host.name} lost ${frames} frames that no fault asked for`);
  }

  async #look(): Promise<Placement> {
    const { stdout } = await this.#run(['sh', '-ec', `ip -o link show dev ${segment}; ip -o address show dev ${segment}; ip neighbour show dev ${segment}`]);
    return parsePlacement(stdout);
  }

  async #ip(lines: readonly string[]): Promise<void> {
    await this.#run(['sh', '-ec', `ip -batch - <<END\n${lines.join('\n')}\nEND`]);
  }

  async #run(argv: readonly string[]): Promise<{ stdout: string }> {
    const { exitCode, stdout, stderr } = await this.#means.host.run(argv);
    if (exitCode !== 0) throw new Error(`\`${argv.join(' ')}\` on ${this.#means.host.name} ended with ${exitCode}: ${stderr}`);
    return { stdout };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Reads what `ip` says in one line each. Link-local addresses stay where they are: nobody here is reached at one. */
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
 * IPv4 is answered for on any interface, so its addresses stay on eth0. `nodad`: usable at once; the first SYN to a tentative IPv6
 * address would be lost.
 */
export function buildAddress(action: 'add' | 'delete', address: string, relayed: boolean): string {
  const onInner = relayed && isIPv6Prefix(address);
  const flags = action === 'delete' || !isIPv6Prefix(address) ? '' : onInner ? ' nodad noprefixroute' : ' nodad';
  return `address ${action} ${address} dev ${onInner ? inner : segment}${flags}`;
}

function isIPv6Prefix(address: string): boolean {
  return address.includes(':');
}

/** The pair of interfaces that leads from the relay to the stack. Only inner speaks: outer has no address. */
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
 * IPv4 is led over inner by longer prefixes and keeps its own address and route: a route that is deleted leaves each connection that
 * has used it with an MTU of 68 for its next write (dst_dev_put() and blackhole_netdev in the kernel's net/core/dst.c). The routes
 * that come and go have an MTU of their own for the same reason. An IPv6 address answers neighbour solicitations wherever it is, so it
 * moves, and a placeholder holds its route. ARP is switched off where no IPv6 address of ours is: the switch begins duplicate address detection anew, and an address is
 * deaf meanwhile, for up to a second. Neighbours stay known: a host that had to ask for them while its link is down would be silent for the second
 * that the kernel waits before it asks again. Several addresses of a family are of one network, and need one route.
 */
export function buildInsertion({ ipv4, ipv6, mtu, neighbours }: Placement): string[] {
  return [
    ...neighbours.map(({ address, hardwareAddress }) => `neighbour replace ${address} lladdr ${hardwareAddress} dev ${inner} nud stale`),
    ...ipv6.map((address) => `address add ${address} dev ${inner} nodad noprefixroute`),
    ...ipv6.slice(0, 1).map((address) => `route add ${address} dev ${inner} metric ${beforeTheKernels} mtu ${mtu}`),
    ...ipv6.slice(0, 1).map((address) => `address add ${placeholderFor(address)} dev ${segment} nodad`),
    ...ipv4.slice(0, 1).flatMap(({ address, prefixLength }) => halvesOf(address, prefixLength).map((half) => `route add ${half} dev ${inner} src ${address} mtu ${mtu}`)),
    ...ipv6.map((address) => `address delete ${address} dev ${segment}`),
    `link set dev ${segment} arp off`,
    `link set dev ${segment} address ${unusedHardwareAddress}`,
  ];
}

export function buildRemoval({ hardwareAddress, ipv4, ipv6 }: Placement): string[] {
  return [
    `link set dev ${segment} address ${hardwareAddress}`,
    `link set dev ${segment} arp on`,
    ...ipv6.map((address) => `address add ${address} dev ${segment} nodad`),
    ...ipv6.slice(0, 1).flatMap((address) => [`address delete ${placeholderFor(address)} dev ${segment}`, `route delete ${address} dev ${inner}`]),
    ...ipv6.map((address) => `address delete ${address} dev ${inner}`),
    ...ipv4.slice(0, 1).flatMap(({ address, prefixLength }) => halvesOf(address, prefixLength).map((half) => `route delete ${half} dev ${inner}`)),
  ];
}

/** The kernel's own route to an address' network has 256. */
const beforeTheKernels = 128;

/** An address nobody has, of the same network: while it is there, so is eth0's route. */
function placeholderFor(address: string): string {
  return address.replace(/[^:]+(?=\/)/, 'fa7e');
}

/** Two routes that together are the network, and each more specific than it. */
function halvesOf(address: string, prefixLength: number): string[] {
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const hosts = 2 ** (32 - prefixLength);
  const network = bits - (bits % hosts);
  return [network, network + hosts / 2].map((first) => `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${prefixLength + 1}`);
}
