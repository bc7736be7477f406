/**
 * The resolvers with a cache that can stand between the client and the DNS server, and the host that each one runs on: a host of its own, or the
 * client's. If a scenario needs one and nobody names it, the first one of this list that is found is used. The programs: services/resolver/.
 */
export const resolverHosts = {
  unbound: 'resolver',
  dnsmasq: 'resolver',
  'systemd-resolved': 'client',
  nscd: 'client',
} as const satisfies Record<string, 'resolver' | 'client'>;

export type ResolverName = keyof typeof resolverHosts;
export const resolverNames = Object.keys(resolverHosts) as ResolverName[];
