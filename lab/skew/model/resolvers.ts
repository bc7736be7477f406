/** The resolvers that the model knows, in the order in which they are shown. */
import { commonBits, type Address, type HostAddress } from './address.ts';
import { muslTables, rfc6724Tables, type AddressTables } from './prefix-table.ts';
import { familyFirst, glibcBits, goBits, ipv6Bits, ipv6PrefixBits, rfc6724, sameBlockBits, type Ranking } from './rank.ts';

export interface Resolver {
  /** What it is, in words. */
  summary: string;
  /** `measured`: a test holds the model against this resolver (lab/skew/model/real-resolvers.test.ts). `documented`: it is as its source or documentation says, and was not measured here. */
  basis: 'measured' | 'documented';
  /** The source file, the manual or the issue behind the row. */
  source: string;
  /** Ranks the addresses of one lookup. `gai`: the tables of glibc, with the client's gai.conf. */
  ranking: (answers: readonly Address[], gai: AddressTables) => Ranking;
  /** Whether its order is shuffled once more after DNS. */
  reshuffles?: boolean;
  /** The host on which it runs: by default the one that was given. */
  host?: (given: readonly HostAddress[]) => HostAddress[];
}

const asItCame: Ranking = () => [];
const glibc = (tables: AddressTables, hasIpv6 = true): Ranking => rfc6724({ tables, sharedBits: glibcBits(hasIpv6), ranksUnusable: true });
const go = (ipv4: Parameters<typeof goBits>[0]): Ranking => rfc6724({ tables: rfc6724Tables, sharedBits: goBits(ipv4), ranksUnusable: false });
const ipv6Only: Ranking = rfc6724({ tables: rfc6724Tables, sharedBits: ipv6PrefixBits, ranksUnusable: true });
const musl = rfc6724({ tables: muslTables, sharedBits: commonBits, ranksUnusable: true });
const onGlibc = (_: readonly Address[], gai: AddressTables): Ranking => glibc(gai);
const none = (): number => 0;

export const resolvers = {
  glibc: {
    summary: "glibc's getaddrinfo on a host with an IPv6 address; a link-local one is enough",
    basis: 'measured',
    source: 'glibc sysdeps/posix/getaddrinfo.c, rfc3484_sort; gai.conf(5)',
    ranking: onGlibc,
  },
  'glibc-without-ipv6': {
    summary: 'the same on a host that has no IPv6 address but ::1',
    basis: 'measured',
    source: 'glibc sysdeps/unix/sysv/linux/check_pf.c',
    ranking: (_, gai) => glibc(gai, false),
    host: (given) => given.filter(({ family }) => family === 4),
  },
  musl: {
    summary: "musl's getaddrinfo (Alpine): it keeps an answer without AAAA as it came, and sorts any other",
    basis: 'measured',
    source: 'musl src/network/lookup_name.c',
    ranking: (answers) => (answers.some(({ family }) => family === 6) ? musl : asItCame),
  },
  'go-1.5': { summary: "Go's own resolver in 1.5: rule 9 for every IPv4 address", basis: 'documented', source: 'Go 1.5 net/addrselect.go', ranking: () => go(commonBits) },
  'go-1.6': { summary: "Go's own resolver in 1.6 and 1.7: rule 9 for IPv4 in private blocks", basis: 'documented', source: 'Go 1.6 net/addrselect.go; golang/go#13283', ranking: () => go(sameBlockBits) },
  'go-1.8': { summary: "Go's own resolver since 1.8: no rule 9 for IPv4", basis: 'measured', source: 'Go net/addrselect.go; golang/go#18518', ranking: () => go(none) },
  'c-ares': {
    summary: 'resolve4 and resolve6 of c-ares (dns.resolve4 of Node), IPv6 first: nothing is sorted',
    basis: 'measured',
    source: 'c-ares ares_query(3); client/resolvers.ts',
    ranking: () => familyFirst(6),
  },
  'c-ares-getaddrinfo': {
    summary: 'ares_getaddrinfo of c-ares without ARES_AI_NOSORT',
    basis: 'documented',
    source: 'c-ares src/lib/ares_sortaddrinfo.c',
    ranking: () => rfc6724({ tables: rfc6724Tables, sharedBits: ipv6Bits, ranksUnusable: true }),
  },
  'node-verbatim': { summary: 'dns.lookup of Node since 17, on glibc', basis: 'measured', source: 'Node dns.lookup, order', ranking: onGlibc },
  'node-ipv4first': { summary: 'dns.lookup with the order ipv4first, the default before Node 17, on glibc', basis: 'measured', source: 'Node dns.lookup, order', ranking: (_, gai) => familyFirst(4, glibc(gai)) },
  'node-ipv6first': { summary: 'dns.lookup with the order ipv6first, on glibc', basis: 'measured', source: 'Node dns.lookup, order', ranking: (_, gai) => familyFirst(6, glibc(gai)) },
  java: {
    summary: 'InetAddress of Java on glibc: IPv4 first. It keeps an answer for 30 s, so all lookups of that time get one order',
    basis: 'measured',
    source: 'java.net.preferIPv6Addresses, networkaddress.cache.ttl (java.base, Networking Properties)',
    ranking: (_, gai) => familyFirst(4, glibc(gai)),
  },
  windows: {
    summary: 'getaddrinfo of Windows since 7: RFC 6724, but IPv4 in the order of DNS. Vista and Server 2008 apply rule 9 to IPv4',
    basis: 'documented',
    source: 'Microsoft, CreateSortedAddressPairs; KB 968920, OverrideDefaultAddressSelection',
    ranking: () => ipv6Only,
  },
  macos: {
    summary: 'getaddrinfo of macOS: the most preferred address first. Apple does not document rule 9; this row takes it for IPv6 alone',
    basis: 'documented',
    source: 'ip6addrctl(8); Apple Developer Forums, thread 744062',
    ranking: () => ipv6Only,
  },
  'systemd-resolved': {
    summary: 'getaddrinfo of glibc through systemd-resolved, which shuffles each answer that it gets; then glibc sorts it',
    basis: 'documented',
    source: 'nss-resolve(8); systemd resolved-dns-transaction.c, dns_answer_randomize',
    ranking: onGlibc,
    reshuffles: true,
  },
  dotnet: {
    summary: 'Dns.GetHostAddresses of .NET on Linux: the order of getaddrinfo, here of glibc',
    basis: 'documented',
    source: '.NET System.Net.Dns; runtime src/native/libs/System.Native/pal_networking.c',
    ranking: onGlibc,
  },
} satisfies Record<string, Resolver>;

export type ResolverName = keyof typeof resolvers;
export const resolverNames = Object.keys(resolvers) as ResolverName[];

/** A client of the lab, and its host. */
export interface LabClient {
  client: string;
  /** How our own client looks names up; the default for others. */
  resolver: string;
  resultOrder: string;
  addresses: readonly HostAddress[];
}

/** Returns the row for a client of the lab; undefined where it is not known how the client looks names up. */
export function resolverOf({ client, resolver, resultOrder, addresses }: LabClient): ResolverName | undefined {
  const name = nameOf(client, resolver, resultOrder);
  const usesGlibc = name !== undefined && name !== 'musl' && name !== 'go-1.8' && name !== 'c-ares';
  return usesGlibc && !addresses.some(({ family }) => family === 6) ? 'glibc-without-ipv6' : name;
}

function nameOf(client: string, resolver: string, resultOrder: string): ResolverName | undefined {
  if (client === 'node-fetch' || client === 'node-http') return resolver === 'lookup' ? (`node-${resultOrder}` as ResolverName) : 'c-ares';
  if (/^node-\d/.test(client)) return 'node-verbatim';
  if (client === 'go') return 'go-1.8';
  if (client === 'java' || client === 'musl') return client;
  return /^(go-cgo|curl|wget|python-.*|ruby|php|perl-lwp)$/.test(client) ? 'glibc' : undefined;
}
