/**
 * The source address that a Linux host uses for a destination. Resolvers learn it with connect(2) and getsockname(2) on a UDP socket.
 *
 * The model knows addresses and not routes, so it takes one interface with all of the addresses, `lo` beside it, and a default route for each
 * family in which the host has an address for it: for IPv4 any address but loopback, for IPv6 any address but loopback and link-local.
 */
import { commonBits, parseHostAddress, samePrefix, type Address, type HostAddress } from './address.ts';
import { kernelLabels, valueOf } from './prefix-table.ts';

const loopback = ['127.0.0.1/8', '::1/128'].map((text) => parseHostAddress(text, 'lo'));
const [loopback4, loopback6] = loopback as [HostAddress, HostAddress];
const linkLocal6 = parseHostAddress('fe80::1/10', 'link-local');

const isLoopback = (address: Address): boolean => loopback.some((each) => samePrefix(each, address, each.prefixLength));
export const isLinkLocal6 = (address: Address): boolean => samePrefix(linkLocal6, address, linkLocal6.prefixLength);

/** Returns the source address, or null if the host has no route to the destination. `host`: its addresses, in the order in which it was given them. */
export function sourceFor(destination: Address, host: readonly HostAddress[]): HostAddress | null {
  const own = host.filter(({ family }) => family === destination.family);
  return destination.family === 4 ? ipv4Source(destination, own) : ipv6Source(destination, own);
}

/**
 * IPv4: the route decides. The longest prefix that holds the destination wins, and its source is the first address of that subnet; all later
 * addresses of one subnet are secondary (ip-address(8)). A destination that is the host's own has the first address of its own subnet as source.
 */
function ipv4Source(destination: Address, own: readonly HostAddress[]): HostAddress | null {
  const itself = own.find((each) => commonBits(each, destination) === 32);
  const holding = own.filter((each) => samePrefix(each, destination, each.prefixLength) && (itself === undefined || each.prefixLength === itself.prefixLength));
  const longest = Math.max(...holding.map(({ prefixLength }) => prefixLength));
  const onLink = holding.find(({ prefixLength }) => prefixLength === longest);
  if (onLink) return onLink;
  if (isLoopback(destination)) return loopback4;
  return own.find((each) => !isLoopback(each)) ?? null;
}

/**
 * IPv6: the kernel chooses by RFC 6724 section 5 (net/ipv6/addrconf.c, ipv6_get_saddr_eval): the destination itself, then a fitting scope, a
 * matching label, and the longest common prefix, which counts within the source's own prefix only. Of equal ones, the last address that the host
 * was given. A link-local destination has no route, because an AAAA record has no zone index.
 */
function ipv6Source(destination: Address, own: readonly HostAddress[]): HostAddress | null {
  if (isLoopback(destination)) return loopback6;
  if (isLinkLocal6(destination)) return null;
  const isGlobal = own.filter((each) => !isLinkLocal6(each) && !isLoopback(each));
  const label = valueOf(kernelLabels, destination, 1);
  const rank = (each: HostAddress): number[] => [
    Number(commonBits(each, destination) === 128),
    Number(valueOf(kernelLabels, each, 1) === label),
    Math.min(commonBits(each, destination), each.prefixLength),
  ];
  return isGlobal.reduce<HostAddress | null>((best, each) => (best === null || compare(rank(each), rank(best)) >= 0 ? each : best), null);
}

/** Compares two lists of numbers by their first difference. */
export function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
