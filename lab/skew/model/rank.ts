/** How a resolver ranks the addresses of an answer: the rules of RFC 6724 section 6, with what each resolver makes of them. */
import { commonBits, type Address, type HostAddress } from './address.ts';
import { valueOf, type AddressTables } from './prefix-table.ts';
import { isLinkLocal6, sourceFor } from './source-address.ts';

/** One step of a ranking. A higher value comes first. `says` is the value in words. */
export interface Step {
  rule: string;
  value: number;
  says: string;
}

/** A destination with everything that a rule compares. */
export interface Destination {
  address: Address;
  /** Null if the host has no route to it. */
  source: HostAddress | null;
}

/** The steps for one destination. Two destinations with equal steps stay in the order of DNS: every sort here is stable. */
export type Ranking = (destination: Destination) => readonly Step[];

export function destinationOf(address: Address, host: readonly HostAddress[]): Destination {
  return { address, source: sourceFor(address, host) };
}

/** How many bits count as shared under rule 9. */
export type SharedBits = (destination: Address, source: HostAddress) => number;

export interface Rfc6724 {
  tables: AddressTables;
  sharedBits: SharedBits;
  /** Whether the resolver still compares destinations that have no route. Go does not. */
  ranksUnusable: boolean;
}

/**
 * Returns the ranking by RFC 6724 section 6. The rules 3 (deprecated), 4 (home address) and 7 (native transport) are left out: no option says whether a
 * source address is deprecated, a home address, or on a tunnel.
 */
export function rfc6724({ tables, sharedBits, ranksUnusable }: Rfc6724): Ranking {
  return ({ address, source }) => {
    const steps: Step[] = [{ rule: 'rule 1', value: Number(source !== null), says: source === null ? 'no route' : 'a route' }];
    if (source === null && !ranksUnusable) return steps;
    const scope = scopeOf(address, tables);
    const label = valueOf(tables.labels, address, 1);
    const precedence = valueOf(tables.precedences, address, 40);
    const fits = source !== null && scopeOf(source, tables) === scope;
    const matches = source !== null && valueOf(tables.labels, source, 1) === label;
    const shared = source === null ? 0 : sharedBits(address, source);
    return [
      ...steps,
      { rule: 'rule 2', value: Number(fits), says: fits ? 'the scope of the source address' : 'another scope than the source address' },
      { rule: 'rule 5', value: Number(matches), says: matches ? 'the label of the source address' : 'another label than the source address' },
      { rule: 'rule 6', value: precedence, says: `precedence ${precedence}` },
      { rule: 'rule 8', value: -scope, says: `scope ${scope}` },
      { rule: 'rule 9', value: shared, says: `${shared} bits shared` },
    ];
  };
}

/** RFC 6724 sections 3.1 and 3.2. */
function scopeOf(address: Address, tables: AddressTables): number {
  if (address.family === 4) return valueOf(tables.scopesV4, address, 14);
  const [first = 0, second = 0] = address.bytes;
  if (first === 0xff) return second & 15;
  if (isLinkLocal6(address) || address.bytes.every((byte, index) => byte === (index === 15 ? 1 : 0))) return 2;
  return first === 0xfe && second >= 0xc0 ? 5 : 14;
}

/**
 * glibc (sysdeps/posix/getaddrinfo.c, rfc3484_sort): all bits of IPv6. IPv4 only inside the source's own subnet, and glibc knows that subnet only if
 * some interface has an IPv6 address other than ::1 (check_pf.c). Without one, only the host's own address counts.
 */
export const glibcBits = (hasIpv6: boolean): SharedBits => (destination, source) => {
  const bits = commonBits(destination, source);
  if (destination.family === 6) return bits;
  return bits >= (hasIpv6 ? source.prefixLength : 32) ? bits : 0;
};

/** Go (net/addrselect.go): the first 64 bits of IPv6, and what is left of IPv4. */
export const goBits = (ipv4: SharedBits): SharedBits => (destination, source) =>
  destination.family === 6 ? Math.min(commonBits(destination, source), 64) : ipv4(destination, source);

/** IPv6 alone, inside the prefix of the source address, as RFC 6724 section 2.2 says. */
export const ipv6PrefixBits: SharedBits = (destination, source) => (destination.family === 6 ? Math.min(commonBits(destination, source), source.prefixLength) : 0);

/** c-ares (ares_sortaddrinfo.c): all bits of IPv6, none of IPv4. */
export const ipv6Bits: SharedBits = (destination, source) => (destination.family === 6 ? commonBits(destination, source) : 0);

/** The private blocks in which Go 1.6 and 1.7 still apply rule 9 to IPv4 (golang/go#13283): the source must be in the same block. */
export const sameBlockBits: SharedBits = (destination, source) => (blockOf(destination) !== null && blockOf(destination) === blockOf(source) ? commonBits(destination, source) : 0);

function blockOf({ bytes: [first, second = 0] }: Address): string | null {
  if (first === 10 || first === 127) return `${first}/8`;
  if ((first === 169 && second === 254) || (first === 192 && second === 168)) return `${first}.${second}/16`;
  return first === 172 && (second & 0xf0) === 16 ? '172.16/12' : null;
}

/** Puts one family first, before all that `then` ranks. */
export function familyFirst(family: 4 | 6, then: Ranking = () => []): Ranking {
  return (destination) => [{ rule: `IPv${family} first`, value: Number(destination.address.family === family), says: `IPv${destination.address.family}` }, ...then(destination)];
}
