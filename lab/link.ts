/**
 * A host's link to the segment, and what can be wrong with it. While anything is, a relay stands between the two; when the last
 * fault is healed it is gone, and the host is as it was.
 *
 *   healthy     segment ── eth0 ── the host's stack                   eth0 has the host's addresses
 *   impaired    segment ── eth0 ── relay ── outer ══ inner ── stack   inner has them, and eth0's hardware address
 *
 * Every kernel has what this needs (veth(4), packet(7)); netem (tc-netem(8)) is not in all. Connections live through both changes:
 * the hardware address moves with the IP addresses, so that the neighbours' caches stay right, and each address is on both
 * interfaces before it is taken from the first. The relay carries only what was not addressed to eth0's own hardware address, so
 * the one moment at which eth0's changes decides who takes a frame: its own stack, or the relay.
 */
import type { Host } from './drivers/driver.ts';
import { messageOf } from './errors.ts';
import type { Remote } from './remote.ts';
import type { ImpairmentName, Impairments } from '../services/link/impairments.ts';
import type { RelayCounts, RelayOptions } from '../services/link/relay.ts';

const [segment, outer, inner] = ['eth0', 'outer', 'inner'];
/** Locally administered (IEEE 802 section 8.4), and nobody's: the segment never hears of it. */
const unusedHardwareAddress = '02:00:00:00:00:01';

/** What an interface has and another one can take over; each line as ip-address(8) and ip-route(8) take it. */
export interface Placement {
  hardwareAddress: string;
  mtu: number;
  addresses: string[];
  /** Beyond those that come with an address. */
  routes: string[];
}

export interface LinkMeans {
  host: Host;
  seed: string;
  startRelay(options: RelayOptions): Promise<Remote>;
  /** Hears of frames that were lost although no fault asked for it. */
  onTrouble(reason: string): void;
}

export class Link {
  readonly #means: LinkMeans;
  readonly #inForce = new Set<ImpairmentName>();
  #relay: { remote: Remote; placement: Placement } | undefined;
  #dropped = 0;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(means: LinkMeans) {
    this.#means = means;
  }

  /** Puts an impairment in force; what is returned takes it away. */
  async impair<Name extends ImpairmentName>(name: Name, value: Impairments[Name]): Promise<() => Promise<void>> {
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

  /** Reports what the relay has lost so far. */
  async sync(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#relay) await this.#countLosses(this.#relay.remote).catch((error: unknown) => { this.#means.onTrouble(messageOf(error)); });
    });
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
    if (!(more > 0)) return;
    this.#dropped = dropped;
    this.#means.onTrouble(`on ${this.#means.host.name} lost ${more} frames that no fault asked for`);
  }

  async #look(): Promise<Placement> {
    const { stdout } = await this.#run(['sh', '-ec', `ip -o link show dev ${segment}; ip -o address show dev ${segment}; ip -4 -o route show dev ${segment}; echo; ip -6 -o route show dev ${segment}`]);
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
  const [links = '', ipv6Routes = ''] = text.split('\n\n');
  const lines = links.split('\n');
  const addresses = lines.flatMap((line) => {
    const [, family, prefix, broadcast] = /\sinet(6?) (\S+)(?: brd (\S+))? scope global/.exec(line) ?? [];
    return prefix === undefined ? [] : [`${prefix}${broadcast ? ` brd ${broadcast}` : ''}${family ? ' nodad' : ''}`];
  });
  // In a batch nothing but the prefix says which family a route is of.
  const routesOf = (everywhere: string, all: readonly string[]): string[] =>
    all.filter((line) => line !== '' && !/^\d+: /.test(line) && !line.includes('proto kernel')).map((line) => line.replaceAll(/\s+(?:linkdown|dead)\b/g, '').replace(/^default\b/, everywhere).trim());
  return {
    hardwareAddress: /link\/ether (\S+)/.exec(links)?.[1] ?? '',
    mtu: Number(/ mtu (\d+)/.exec(links)?.[1] ?? 1_500),
    addresses,
    routes: [...routesOf('0.0.0.0/0', lines), ...routesOf('::/0', ipv6Routes.split('\n'))],
  };
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
 * eth0 does not answer ARP for what is now inner's: each driver sets `arp_ignore` (the kernel's ip-sysctl.rst). Switching ARP off
 * would do, too, but begins duplicate address detection anew, during which IPv6 is deaf for up to a second.
 */
export function buildInsertion(placement: Placement): string[] {
  return [
    ...move(placement, segment, inner).arrive,
    `link set dev ${segment} address ${unusedHardwareAddress}`,
    ...move(placement, segment, inner).leave,
  ];
}

export function buildRemoval(placement: Placement): string[] {
  return [
    ...move(placement, inner, segment).arrive,
    `link set dev ${segment} address ${placement.hardwareAddress}`,
    ...move(placement, inner, segment).leave,
  ];
}

function move({ addresses, routes }: Placement, from: string, to: string): { arrive: string[]; leave: string[] } {
  const plain = (address: string): string => address.split(' ')[0] ?? '';
  return {
    arrive: [...addresses.map((address) => `address add ${address} dev ${to}`), ...routes.map((route) => `route replace ${route} dev ${to}`)],
    leave: addresses.map((address) => `address delete ${plain(address)} dev ${from}`),
  };
}
