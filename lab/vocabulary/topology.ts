/** The hosts, names, addresses and ports of the lab. They are defined only here. */

/** An address family: IPv4 or IPv6. */
export type Family = 4 | 6;

/** The hosts of the lab network. The lab checks faults from the host `observer`, so that the client's host has the client's traffic only. */
export const hostNames = ['client', 'dns', 'backend-1', 'backend-2', 'backend-3', 'observer'] as const;
/** A host of the lab network. */
export type HostName = (typeof hostNames)[number];

export const backendNames = ['backend-1', 'backend-2', 'backend-3'] as const;
/** A web server of the lab. */
export type BackendName = (typeof backendNames)[number];

/** The name of every host's interface on the lab network, with every driver. */
export const interfaceName = 'eth0';

export const domain = 'lab.test';
/** The DNS name of the web servers. Its records are the addresses of all backends. */
export const webName = `web.${domain}`;
export const httpPort = 8080;
export const dnsPort = 53;
export const webUrl = `http://${webName}:${httpPort}/`;

/** The addresses of a host. */
export interface Addresses {
  ipv4: string;
  ipv6: string;
}

/** The lab network: its hosts, and what differs from the defaults. */
export interface Topology {
  hosts: Record<HostName, Addresses>;
  /** The new addresses of a backend under the fault `move` (lab/faults/move.ts). Until then no host has them. */
  spares: Record<BackendName, Addresses>;
  ipv4PrefixLength: number;
  ipv6PrefixLength: number;
  /** The lines of the client's resolv.conf(5). Null if the client has the same file as all hosts. */
  resolvConf: readonly string[] | null;
  /** Kernel settings of the client's network namespace that differ from those of a new namespace. */
  clientSysctls: ClientSysctls;
}

/** The kernel settings that a scenario may change for the client, and the first Linux release that has each of them per network namespace. */
export const sysctlsSince = {
  'net.ipv4.tcp_retries2': [4, 6],
  'net.ipv4.tcp_syn_linear_timeouts': [6, 5],
} as const;
export type ClientSysctls = Partial<Record<keyof typeof sysctlsSince, number>>;

/** What a scenario or a test changes of the network. */
export interface TopologyChange {
  /** The client's IPv4 address. With the default, no backend is preferred under RFC 6724 rule 9. */
  clientIpv4?: string;
  /** The first 64 bits of the IPv6 addresses. The default is documentation space. It counts as global, so RFC 6724 prefers it to IPv4. */
  ipv6Network?: string;
  /** The lines of the client's resolv.conf(5), for another resolver timeout or other name servers. The default has the DNS server only. */
  resolvConf?: readonly string[];
  /** Kernel settings of the client. A setting that the kernel does not have is left out, so the scenario must read the value that is in force. */
  clientSysctls?: ClientSysctls;
}

/**
 * Returns the lab network: 198.51.100.0/24 (RFC 5737) and 2001:db8:1::/64 (RFC 3849), one flat segment.
 *
 * glibc sorts addresses in the client's own subnet by the longest common prefix with the source address (RFC 6724 section 5, rule 9).
 * The client has the addresses .200 and 8000::200, because their common prefix with all three backends is equally long. So the order of
 * the DNS server stays.
 */
export function createTopology({ clientIpv4 = '198.51.100.200', ipv6Network = '2001:db8:1:', resolvConf, clientSysctls }: TopologyChange = {}): Topology {
  const at = (last: number): Addresses => ({ ipv4: `198.51.100.${last}`, ipv6: `${ipv6Network}:${last}` });
  return {
    hosts: {
      client: { ipv4: clientIpv4, ipv6: `${ipv6Network}0:8000::200` },
      dns: at(53),
      'backend-1': at(11),
      'backend-2': at(12),
      'backend-3': at(13),
      observer: at(250),
    },
    spares: { 'backend-1': at(21), 'backend-2': at(22), 'backend-3': at(23) },
    ipv4PrefixLength: 24,
    ipv6PrefixLength: 64,
    resolvConf: resolvConf ?? null,
    clientSysctls: clientSysctls ?? {},
  };
}

/** Returns the address of `host` in one family. */
export function addressOf(topology: Topology, host: HostName, family: Family): string {
  return family === 4 ? topology.hosts[host].ipv4 : topology.hosts[host].ipv6;
}

/** Returns an address of the segment that no host has. */
export function nobodysAddress({ hosts: { observer } }: Topology, family: Family): string {
  return family === 4 ? observer.ipv4.replace(/\d+$/, '99') : observer.ipv6.replace(/[^:]+$/, '99');
}

/** Lines of resolv.conf(5): one names the lab's DNS server, the other an address that no host has. */
export const nameserver = `nameserver ${createTopology().hosts.dns.ipv4}`;
export const deadNameserver = `nameserver ${nobodysAddress(createTopology(), 4)}`;

/** Returns the host that has `address`, or undefined if no host has it. */
export function hostAt(topology: Topology, address: string): HostName | undefined {
  const has = ({ ipv4, ipv6 }: Addresses): boolean => ipv4 === address || ipv6 === address;
  return hostNames.find((name) => has(topology.hosts[name]) || (isBackend(name) && has(topology.spares[name])));
}

/** The kinds of hosts that a fault can act on: the hosts that serve clients. */
export type TargetKind = 'backend' | 'dns';
/** A host that a fault can act on. */
export type TargetName = BackendName | 'dns';
export const targetNames: readonly TargetName[] = [...backendNames, 'dns'];

/** Returns the kind of server on a host. */
export function kindOf(name: TargetName): TargetKind {
  return name === 'dns' ? 'dns' : 'backend';
}

/** Returns the port on which a host serves clients. */
export function portOf(name: HostName): number {
  return name === 'dns' ? dnsPort : httpPort;
}

/** Returns whether `name` is a host that a fault can act on. */
export function isTarget(name: string): name is TargetName {
  return (targetNames as readonly string[]).includes(name);
}

/** Returns whether `name` is a backend. */
export function isBackend(name: string | undefined): name is BackendName {
  return (backendNames as readonly (string | undefined)[]).includes(name);
}
