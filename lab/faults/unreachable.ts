/**
 * The network says so: ICMP host unreachable (RFC 792) and ICMPv6 no route to destination (RFC 4443 section 3.1, code 0), as a
 * Linux router with an `unreachable` route to the host sends them. Here the backend itself plays that router: with forwarding on,
 * a packet whose route lookup ends in an `unreachable` route is answered with ICMP (ip-route(8)). The rule must come before the
 * `local` table, which is moved behind it.
 *
 * Linux gives the error to a connecting socket at once on IPv4. On IPv6 it arrives while connect(2) still owns the socket, is kept
 * as a soft error, and takes effect with the next SYN, 1 s later. Established connections treat ICMP as a hint and stall (RFC 5461).
 */
import { family } from '../options.ts';
import { httpPort, type Family } from '../topology.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach, runOn, protocolNumbers } from './fault.ts';

const table = '100';

export const unreachable = defineFault({
  summary: 'answers new connections with ICMP host unreachable, in one family or both',
  effect: 'EHOSTUNREACH at once on IPv4, ENETUNREACH with the second SYN (1 s) on IPv6',
  on: ['backend'],
  options: { family: family('the family to make unreachable, 0 for both') },
  apply: async (target, options) => {
    const families = familiesOf(options.family);
    const script = (build: typeof buildUnreachableScript): Promise<void> =>
      runOn(target, ['sh', '-ec', families.map((each) => build(each, target.address(each))).join('\n')]);
    await script(buildUnreachableScript);
    return () => script(buildReachableScript);
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, [each === 4 ? 'EHOSTUNREACH' : 'ENETUNREACH'], 1_500)),
});

export function buildUnreachableScript(each: Family, address: string): string {
  return `ip -${each} route add unreachable default table ${table}
ip -${each} rule add pref 2 lookup local
ip -${each} rule add ${ownRule(address)}
ip -${each} rule delete pref 0`;
}

export function buildReachableScript(each: Family, address: string): string {
  return `ip -${each} rule add pref 0 lookup local
ip -${each} rule delete ${ownRule(address)}
ip -${each} rule delete pref 2 lookup local
ip -${each} route delete unreachable default table ${table}`;
}

/** In full, also where it is deleted: another fault may have a rule of the same preference. */
function ownRule(address: string): string {
  return `pref 1 to ${address} ipproto ${protocolNumbers.tcp} dport ${httpPort} lookup ${table}`;
}
