/**
 * The network reports that the host cannot be reached: ICMP host unreachable (RFC 792) and ICMPv6 no route to destination (RFC 4443
 * section 3.1, code 0). A router sends them when it has lost its way to the host. In the lab the server's own host sends them (nft(8),
 * `reject`). An `unreachable` route would work too, but Linux then answers each client five times and after that once a second, so a
 * client that dials more often would meet silence. For the same reason the hosts' own limits on ICMP are off (network/drivers/netns.ts).
 *
 * On IPv4, Linux gives the error to a connecting socket at once. On IPv6, the error arrives while connect(2) still owns the socket. The
 * kernel keeps it as a soft error, and it takes effect with the next SYN, 1 s later. Established connections treat ICMP as a hint and
 * stall (RFC 5461). A UDP socket does the same: a DNS query meets silence (udp(7)).
 */
import { family } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach, type FaultTarget, type Heal } from './fault.ts';
import { applyTables, nftFamilies } from './nft.ts';

export const unreachable = defineFault({
  summary: 'answers with ICMP host unreachable, in one family or both',
  effect: 'IPv4: EHOSTUNREACH at once; IPv6: ENETUNREACH with the second SYN (1 s); established connections stall',
  on: ['backend', 'dns'],
  options: { family: family('the IP family to make unreachable, 0 for both') },
  apply: (target, options) => {
    const types = { 4: 'host-unreachable', 6: 'no-route' } as const;
    return rejectWith(target, 'unreachable', familiesOf(options.family), (each) => buildRejectScript('unreachable', each, target.port, types[each]));
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, [each === 4 ? 'EHOSTUNREACH' : 'ENETUNREACH'], { timeoutMs: secondSynMs, query: ['silent'] })),
});

/** Long enough for an error that takes effect with the second SYN. */
export const secondSynMs = 1_500;

const limits = { 4: 'net.ipv4.icmp_ratelimit', 6: 'net.ipv6.icmp.ratelimit' } as const;

/** As `applyTables`. @throws {Error} too, if the host's limit on ICMP is on: a client that connects more often would meet silence. */
export async function rejectWith(target: FaultTarget, name: string, families: Family[], build: (family: Family) => string): Promise<Heal> {
  // Side by side, because each program takes some milliseconds to start on the host.
  const [{ stdout }, heal] = await Promise.all([target.host.run(['cat', ...families.map((each) => `/proc/sys/${limits[each].replaceAll('.', '/')}`)]), applyTables(target, name, families, build)]);
  const limited = families.find((_, index) => Number(stdout.split('\n')[index]) > 0);
  if (limited === undefined) return heal;
  await heal();
  throw new Error(`${target.name} sends ICMP only now and then (${limits[limited]} is not 0), and the lab could not change that, because /proc/sys cannot be written. \`lab doctor\` says how to allow it`);
}

/** The rule covers TCP and UDP: HTTP uses TCP, DNS uses both, and no other service uses these ports. */
export function buildRejectScript(table: string, each: Family, port: number, icmpType: string): string {
  const own = `${nftFamilies[each].table} ${table}`;
  return `add table ${own}
add chain ${own} arriving { type filter hook input priority filter; }
add rule ${own} arriving meta l4proto { tcp, udp } th dport ${port} reject with ${each === 4 ? 'icmp' : 'icmpv6'} type ${icmpType}`;
}
