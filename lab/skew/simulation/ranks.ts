/** Which addresses a client prefers, whatever the order of the answer: by rule 9 of RFC 6724 from its position, and by its preference of IPv6. */
import type { Random } from '../../vocabulary/random.ts';
import { bitListsOf, type Parameters } from './parameters.ts';

/** The ranks of the backends for a client. It tries a higher rank first. */
export interface Ranks {
  of(client: number): Uint16Array;
}

/** More than any number of common bits. */
const preferredFamily = 1_000;

/** Returns null where no client prefers any address. */
export function ranksOf(given: Parameters, random: Random): Ranks | null {
  const { backends, positions, ipv6Backends, ipv6Percent } = given;
  const lists = positions > 0 ? drawnLists(backends, positions, random) : bitListsOf(given);
  if (lists.length === 0 && ipv6Percent === 0) return null;
  const perPosition = (lists.length > 0 ? lists : [Array<number>(backends).fill(0)]).map((bits) => ({
    plain: Uint16Array.from(bits),
    withIpv6: Uint16Array.from(bits, (each, backend) => each + (backend < ipv6Backends ? preferredFamily : 0)),
  }));
  return {
    of: (client) => {
      const { plain, withIpv6 } = perPosition[client % perPosition.length] as { plain: Uint16Array; withIpv6: Uint16Array };
      return prefersIpv6(client, ipv6Percent) ? withIpv6 : plain;
    },
  };
}

/** Spreads the clients that prefer IPv6 evenly over the numbers of the clients, and so over positions and caches (the golden ratio's multiples). */
function prefersIpv6(client: number, percent: number): boolean {
  return (client * 0.618_033_988_749_895) % 1 < percent / 100;
}

/** Rule 9 between addresses in one /16: the backends lie side by side in equal distances, the clients anywhere. */
function drawnLists(backends: number, positions: number, random: Random): number[][] {
  const addressOf = (backend: number): number => Math.floor((65_536 * (backend + 0.5)) / backends);
  return Array.from({ length: positions }, () => {
    const client = Math.floor(random() * 65_536);
    // Equal addresses share all 32 bits.
    return Array.from({ length: backends }, (_, backend) => Math.clz32(client ^ addressOf(backend)));
  });
}
