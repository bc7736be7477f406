/**
 * The network says so: ICMP host unreachable (RFC 792) and ICMPv6 no route to destination (RFC 4443 section 3.1, code 0), as a
 * router sends them whose way to the host is gone. Here the server's own host sends them (nft(8), `reject`): an `unreachable` route
 * would do, but Linux lets a router say so five times and then once a second to each client, and clients that dial more often would
 * meet silence. For the same reason the hosts' own limits on ICMP are off (drivers/netns.ts).
 *
 * Linux gives the error to a connecting socket at once on IPv4. On IPv6 it arrives while connect(2) still owns the socket, is kept
 * as a soft error, and takes effect with the next SYN, 1 s later. Established connections treat ICMP as a hint and stall (RFC 5461), and
 * so does a UDP socket: a DNS query meets silence (udp(7)).
 */
import { family } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach } from './fault.ts';
import { applyTables, nftFamilies } from './nft.ts';

export const unreachable = defineFault({
  summary: 'answers with ICMP host unreachable, in one family or both',
  effect: 'EHOSTUNREACH at once on IPv4, ENETUNREACH with the second SYN (1 s) on IPv6; established connections stall',
  on: ['backend', 'dns'],
  options: { family: family('the family to make unreachable, 0 for both') },
  apply: (target, options) => {
    const types = { 4: 'host-unreachable', 6: 'no-route' } as const;
    return applyTables(target, 'unreachable', familiesOf(options.family), (each) => buildRejectScript('unreachable', each, target.port, types[each]));
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, [each === 4 ? 'EHOSTUNREACH' : 'ENETUNREACH'], { timeoutMs: secondSynMs, query: ['silent'] })),
});

/** Long enough for what takes effect with the second SYN. */
export const secondSynMs = 1_500;

/** HTTP is TCP, DNS is both; nobody uses the same port over the other protocol. */
export function buildRejectScript(table: string, each: Family, port: number, icmpType: string): string {
  const own = `${nftFamilies[each].table} ${table}`;
  return `add table ${own}
add chain ${own} arriving { type filter hook input priority filter; }
add rule ${own} arriving meta l4proto { tcp, udp } th dport ${port} reject with ${each === 4 ? 'icmp' : 'icmpv6'} type ${icmpType}`;
}
