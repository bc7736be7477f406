/** Hosts, names, addresses, ports: the one place where they are written. */

/** An address family as Node and the RFCs' readers write it. */
export type Family = 4 | 6;

/** The hosts of the lab network; `observer` is where the lab itself looks from, so that no client's traffic is touched. */
export const hostNames = ['client', 'dns', 'backend-1', 'backend-2', 'backend-3', 'observer'] as const;
export type HostName = (typeof hostNames)[number];

export const backendNames = ['backend-1', 'backend-2', 'backend-3'] as const;
export type BackendName = (typeof backendNames)[number];

/** What every driver calls a host's interface on the lab network. */
export const interfaceName = 'eth0';

export const domain = 'lab.test';
/** The name whose answers spread clients over the backends. */
export const webName = `web.${domain}`;
export const httpPort = 8080;
export const dnsPort = 53;
export const webUrl = `http://${webName}:${httpPort}/`;

export interface Addresses {
  ipv4: string;
  ipv6: string;
}

export interface Topology {
  hosts: Record<HostName, Addresses>;
  /** Where a backend comes back that moves (faults/move.ts): nobody has these until then. */
  spares: Record<BackendName, Addresses>;
  ipv4PrefixLength: number;
  ipv6PrefixLength: number;
  /** The client's resolv.conf(5), by line, where it is another than the hosts' common one. */
  resolvConf: readonly string[] | null;
  /** Settings of the client's kernel for its network namespace, where they are others than a new namespace's. */
  clientSysctls: ClientSysctls;
}

/** What a scenario may set of the client's kernel, and the first release of Linux that has it for each network namespace. */
export const sysctlsSince = {
  'net.ipv4.tcp_retries2': [4, 6],
  'net.ipv4.tcp_syn_linear_timeouts': [6, 5],
} as const;
export type ClientSysctls = Partial<Record<keyof typeof sysctlsSince, number>>;

export interface TopologyChange {
  /** Where the client lives. The default ties with every backend under RFC 6724 rule 9. */
  clientIpv4?: string;
  /** First 64 bits. The default is documentation space: global, so that RFC 6724 prefers it to IPv4. */
  ipv6Network?: string;
  /** The client's resolv.conf(5), by line: another resolver timeout, another list of name servers. The default names the DNS server alone. */
  resolvConf?: readonly string[];
  /** Settings of the client's kernel. One that the kernel does not have is left out; a scenario that asks for it reads what is there. */
  clientSysctls?: ClientSysctls;
}

/**
 * The lab network: 198.51.100.0/24 (RFC 5737) and 2001:db8:1::/64 (RFC 3849), one flat segment.
 *
 * The client sits at .200 and 8000::200 because glibc sorts a same-subnet answer by longest common prefix with
 * the source address (RFC 6724 section 5, rule 9): from there all three backends tie, and the DNS server's order stands.
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

/** The address of `host` in one family. */
export function addressOf(topology: Topology, host: HostName, family: Family): string {
  return family === 4 ? topology.hosts[host].ipv4 : topology.hosts[host].ipv6;
}

/** An address of the segment that no host has. */
export function nobodysAddress({ hosts: { observer } }: Topology, family: Family): string {
  return family === 4 ? observer.ipv4.replace(/\d+$/, '99') : observer.ipv6.replace(/[^:]+$/, '99');
}

/** The name server line of resolv.conf(5) for the lab's DNS server, and for one that nobody is. */
export const nameserver = `nameserver ${createTopology().hosts.dns.ipv4}`;
export const deadNameserver = `nameserver ${nobodysAddress(createTopology(), 4)}`;

/** The host that owns `address`, if any does. */
export function hostAt(topology: Topology, address: string): HostName | undefined {
  const has = ({ ipv4, ipv6 }: Addresses): boolean => ipv4 === address || ipv6 === address;
  return hostNames.find((name) => has(topology.hosts[name]) || (isBackend(name) && has(topology.spares[name])));
}

/** What a fault can act on: the hosts that serve clients. */
export type TargetKind = 'backend' | 'dns';
export type TargetName = BackendName | 'dns';
export const targetNames: readonly TargetName[] = [...backendNames, 'dns'];

/** What kind of server a host is. */
export function kindOf(name: TargetName): TargetKind {
  return name === 'dns' ? 'dns' : 'backend';
}

/** The port that a host serves clients on. */
export function portOf(name: HostName): number {
  return name === 'dns' ? dnsPort : httpPort;
}

/** Whether a word names a host that a fault can act on. */
export function isTarget(name: string): name is TargetName {
  return (targetNames as readonly string[]).includes(name);
}

/** Whether a word names a backend. */
export function isBackend(name: string | undefined): name is BackendName {
  return (backendNames as readonly (string | undefined)[]).includes(name);
}
