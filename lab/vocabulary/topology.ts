/** The hosts, names, addresses and ports of the lab. They are defined only here. */

import { LabError } from './errors.ts';
import { resolverHosts, type ResolverName } from './resolvers.ts';

/** An address family: IPv4 or IPv6. */
export type Family = 4 | 6;

const backendNumbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24] as const;
/** The name of a backend that a lab can have. `Topology.backends` has those that a lab has. */
export type BackendName = `backend-${(typeof backendNumbers)[number]}`;
const possibleBackends = backendNumbers.map((number): BackendName => `backend-${number}`);

/** How many backends a lab can have, and how many it has if nobody asks for another number. */
export const backendCount = { least: 1, most: backendNumbers.length, usual: 3 };

/**
 * A host of the lab network. The lab checks faults from the host `observer`, so that the client's host has the client's traffic only. The host
 * `resolver` exists only if a resolver that runs on a host of its own stands between the client and the DNS server (resolvers.ts).
 */
export type HostName = 'client' | 'resolver' | 'dns' | BackendName | 'observer';

/** The name of every host's interface on the lab network, with every driver. */
export const interfaceName = 'eth0';

export const domain = 'lab.test';
/** The DNS name of the web servers. Its records are the addresses of all backends. */
export const webName = `web.${domain}`;
export const httpPort = 8080;
export const httpsPort = 8443;
export const dnsPort = 53;

export const schemes = ['http', 'https'] as const;
/** How clients reach the backends: HTTP, or HTTP over TLS. */
export type Scheme = (typeof schemes)[number];

export const httpVersions = ['1.1', '2'] as const;
/** A version of HTTP. Over TLS, client and server agree on it by ALPN (RFC 7301, RFC 9113 section 3.2). */
export type HttpVersion = (typeof httpVersions)[number];
/** The name of each version in ALPN (RFC 9113 section 3.1). */
export const alpnNames: Readonly<Record<HttpVersion, string>> = { '1.1': 'http/1.1', '2': 'h2' };

/** The addresses of a host. */
export interface Addresses {
  ipv4: string;
  ipv6: string;
}

/** The lab network: its hosts, and what differs from the defaults. */
export interface Topology {
  /** The backends that the lab has, in order. */
  backends: readonly BackendName[];
  /** The address of each host, also of the backends that the lab does not have. */
  hosts: Record<HostName, Addresses>;
  /** The new addresses of a backend under the fault `move` (lab/faults/move.ts). Until then no host has them. */
  spares: Record<BackendName, Addresses>;
  ipv4PrefixLength: number;
  ipv6PrefixLength: number;
  /** Whether the client's host has its IPv6 address. Without it the host has no IPv6 address but ::1, not even a link-local one. */
  clientHasIpv6: boolean;
  /** The lines of the client's resolv.conf(5). Null if the client has the same file as all hosts. */
  resolvConf: readonly string[] | null;
  /** The resolver between the client and the DNS server. Null if the client asks the DNS server itself. */
  resolver: ResolverName | null;
  /** Whether this resolver answers with expired records if the DNS server fails (RFC 8767). */
  serveStale: boolean;
  /** Kernel settings of the client's network namespace that differ from those of a new namespace. */
  clientSysctls: ClientSysctls;
  /** What the backends speak. They have one port, for this scheme alone. */
  scheme: Scheme;
  /** The versions of HTTP that the backends offer over TLS, the preferred one first. Without TLS there is HTTP/1.1 only. */
  offers: readonly HttpVersion[];
}

/** The kernel settings that a scenario may change for the client, and the first Linux release that has each of them per network namespace. */
export const sysctlsSince = {
  'net.ipv4.tcp_retries2': [4, 6],
  'net.ipv4.tcp_syn_linear_timeouts': [6, 5],
} as const;
export type ClientSysctls = Partial<Record<keyof typeof sysctlsSince, number>>;

/** What a scenario or a test changes of the network. */
export interface TopologyChange {
  /** How many backends the lab has, from 1 to 24. If it is not set: three. */
  backends?: number;
  /** The client's IPv4 address. With the default, no backend is preferred under RFC 6724 rule 9. */
  clientIpv4?: string;
  /** The client's IPv6 address. Null: the client has none but ::1, not even a link-local one. With the default, no backend is preferred under rule 9. */
  clientIpv6?: string | null;
  /** The first 64 bits of the IPv6 addresses. The default is documentation space. It counts as global, so RFC 6724 prefers it to IPv4. */
  ipv6Network?: string;
  /** The same for the backends, one after the other, if they are in several networks: `['2001:db8:1:', '2001:db8:2:']`. All must begin with `2001:db8:`, so that they are on one segment. */
  backendIpv6Networks?: readonly string[];
  /** The lines of the client's resolv.conf(5), for another resolver timeout or other name servers. The default has the DNS server only. */
  resolvConf?: readonly string[];
  /** A resolver with a cache between the client and the DNS server. If it is not set: none. */
  resolver?: ResolverName;
  /** The resolver answers with expired records if the DNS server fails (RFC 8767). If it is not set: as the resolver does without a setting for it. */
  serveStale?: boolean;
  /** Kernel settings of the client. A setting that the kernel does not have is left out, so the scenario must read the value that is in force. */
  clientSysctls?: ClientSysctls;
  /** The backends speak TLS, on port 8443, with certificates of the lab's own CA (docs/tls.md). If it is not set: HTTP on port 8080. */
  https?: boolean;
  /** `1.1`: the backends offer HTTP/1.1 only. `2`, and if it is not set: HTTP/2 and HTTP/1.1, and the client chooses. `2` needs `https`. */
  http?: HttpVersion;
}

/**
 * Returns the lab network: 198.51.100.0/24 (RFC 5737) and 2001:db8:1::/64 (RFC 3849), one flat segment.
 *
 * glibc sorts addresses in the client's own subnet by the longest common prefix with the source address (RFC 6724 section 5, rule 9).
 * The client has the addresses .200 and 8000::200. The first bit of the host part is 1 there and 0 in the address of every backend, so their
 * common prefix with all backends is equally long: 24 and 64 bits. So the order of the DNS server stays.
 * @throws {LabError} BAD_INPUT for a number of backends that a lab cannot have.
 */
export function createTopology({
  backends = backendCount.usual, clientIpv4 = '198.51.100.200', ipv6Network = '2001:db8:1:', clientIpv6 = `${ipv6Network}0:8000::200`, backendIpv6Networks = [], resolvConf, resolver, serveStale = false,
  clientSysctls, https = false, http,
}: TopologyChange = {}): Topology {
  if (!Number.isInteger(backends) || backends < backendCount.least || backends > backendCount.most) {
    throw new LabError('BAD_INPUT', `Expected \`backends\` of a topology to be a whole number from ${backendCount.least} to ${backendCount.most}, got ${backends}.`);
  }
  const at = (last: number, network = ipv6Network): Addresses => ({ ipv4: `198.51.100.${last}`, ipv6: `${network}:${last}` });
  if (serveStale && resolver === undefined) throw new LabError('BAD_INPUT', 'Expected a resolver that serves expired records, got none: `serveStale` needs `resolver`.');
  if (http === '2' && !https) throw new LabError('BAD_INPUT', 'HTTP/2 needs TLS here: client and server agree on it in the handshake. Expected `scheme=https` beside `http=2`, got `scheme=http`.');
  const networkOf = (index: number): string | undefined => backendIpv6Networks[index % backendIpv6Networks.length];
  const eachFrom = (first: number) => Object.fromEntries(possibleBackends.map((name, index) => [name, at(first + index, networkOf(index))])) as Record<BackendName, Addresses>;
  return {
    backends: possibleBackends.slice(0, backends),
    hosts: {
      client: { ipv4: clientIpv4, ipv6: clientIpv6 ?? '::' },
      dns: at(53),
      resolver: at(54),
      ...eachFrom(11),
      observer: at(250),
    },
    spares: eachFrom(61),
    ipv4PrefixLength: 24,
    // 2001:db8::/32 holds all networks of the backends, so no host needs a route.
    ipv6PrefixLength: backendIpv6Networks.length > 0 ? 32 : 64,
    clientHasIpv6: clientIpv6 !== null,
    resolvConf: resolver === undefined ? (resolvConf ?? null) : behindResolver(resolvConf ?? [`nameserver ${at(53).ipv4}`], at(53).ipv4, resolverAddress(resolver, at(54).ipv4)),
    resolver: resolver ?? null,
    serveStale,
    clientSysctls: clientSysctls ?? {},
    scheme: https ? 'https' : 'http',
    offers: https && http !== '1.1' ? ['2', '1.1'] : ['1.1'],
  };
}

/** Returns the hosts that the lab has. */
export function hostsOf({ backends, resolver }: Topology): HostName[] {
  return ['client', ...(resolver !== null && resolverHosts[resolver] === 'resolver' ? ['resolver' as const] : []), 'dns', ...backends, 'observer'];
}

/** The address of systemd-resolved on its host (systemd-resolved.service(8), DNSStubListener). */
const stubAddress = '127.0.0.53';

/** Where the client asks this resolver. Null for nscd: the libc asks it over a Unix socket, before it reads resolv.conf. */
function resolverAddress(resolver: ResolverName, ownHost: string): string | null {
  return resolver === 'nscd' ? null : resolverHosts[resolver] === 'resolver' ? ownHost : stubAddress;
}

/** The lines of a resolv.conf with the resolver in the place of the DNS server. */
function behindResolver(lines: readonly string[], dns: string, address: string | null): readonly string[] {
  return lines.map((line) => (line === `nameserver ${dns}` && address !== null ? `nameserver ${address}` : line));
}

/** Returns the addresses from which the client's questions reach the DNS server: its own, and those of a resolver that asks in its place. */
export function askersOf(topology: Topology): string[] {
  return hostsOf(topology).flatMap((name) => (name === 'client' || name === 'resolver' ? [topology.hosts[name].ipv4, topology.hosts[name].ipv6] : []));
}

/** Whether the resolver runs on the client's own host. Then the packets of this host show what the resolver asks, and not what the client asks. */
export function isResolverOnClient({ resolver }: Topology): boolean {
  return resolver !== null && resolverHosts[resolver] === 'client';
}

/** Returns the addresses that a host has at its start, each with the length of its prefix: `198.51.100.200/24`. */
export function addressesOf({ hosts, ipv4PrefixLength, ipv6PrefixLength, clientHasIpv6 }: Topology, host: HostName): string[] {
  const { ipv4, ipv6 } = hosts[host];
  return [`${ipv4}/${ipv4PrefixLength}`, ...(host === 'client' && !clientHasIpv6 ? [] : [`${ipv6}/${ipv6PrefixLength}`])];
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
  return hostsOf(topology).find((name) => has(topology.hosts[name]) || (isBackend(name) && has(topology.spares[name])));
}

/** The kinds of hosts that a fault can act on: the hosts that serve clients. */
export type TargetKind = 'backend' | 'dns';
/** A host that a fault can act on. */
export type TargetName = BackendName | 'dns';

/** Returns the hosts of the lab that a fault can act on. */
export function targetsOf({ backends }: Topology): TargetName[] {
  return [...backends, 'dns'];
}

/** Returns the kind of server on a host. */
export function kindOf(name: TargetName): TargetKind {
  return name === 'dns' ? 'dns' : 'backend';
}

/** Returns the port on which a host serves clients. */
export function portOf({ scheme }: Pick<Topology, 'scheme'>, name: HostName): number {
  return name === 'dns' || name === 'resolver' ? dnsPort : scheme === 'https' ? httpsPort : httpPort;
}

/** Returns the URL that a client asks for: the name with the addresses of all backends, or another name, or an address. */
export function urlOf({ scheme }: Pick<Topology, 'scheme'>, name = webName, path = '/'): string {
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${portOf({ scheme }, 'backend-1')}${path}`;
}

/** Returns the DNS name of one backend. */
export function nameOf(backend: BackendName): string {
  return `${backend}.${domain}`;
}

/** Returns whether `name` is the name of a host that a fault can act on. The lab may have no such host: `targetsOf`. */
export function isTarget(name: unknown): name is TargetName {
  return name === 'dns' || isBackend(name);
}

/** Returns whether `name` is the name of a backend. The lab may have no such backend: `Topology.backends`. */
export function isBackend(name: unknown): name is BackendName {
  return (possibleBackends as readonly unknown[]).includes(name);
}
