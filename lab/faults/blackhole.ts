/**
 * Silence: packets are dropped in the server's own namespace (ip-rule(8), `blackhole`), its answers on their way out, or what is for
 * it on its way in. The client's kernel sees nothing at all: no RST, no ICMP, ARP and ND still answered. Dropping on the client's
 * side would not do: there a blackhole route fails at once with EINVAL. Established connections fall silent too.
 *
 * The two directions look alike to a client. They differ in what the server knows: nothing, or a request that it has answered.
 */
import { direction, family, type Direction } from '../vocabulary/options.ts';
import { dnsPort, httpPort, type Family, type TargetKind } from '../vocabulary/topology.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach, protocolNumbers, runOn } from './fault.ts';
import { buildMoveLocal, buildMoveLocalBack, rulesBeforeLocal, rulesOnLeaving } from './ip-rules.ts';

export const blackhole = defineFault({
  summary: 'drops every answer of the server, or all that is for it, in one family or both',
  effect: 'silence: SYNs are retransmitted until somebody gives up, established connections stall',
  on: ['backend', 'dns'],
  options: { family: family('the family to silence, 0 for both'), direction: direction('from', 'drop what goes to the server, what comes from it, or both') },
  apply: async (target, options) => {
    const families = familiesOf(options.family);
    const script = (action: 'add' | 'delete'): Promise<void> =>
      runOn(target, ['sh', '-ec', families.map((each) => buildBlackholeScript(action, options.direction, target.kind, each, target.address(each))).join('\n')]);
    await script('add');
    return () => script('delete');
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, ['silent'])),
});

/** HTTP's port over TCP, DNS' over both. What leaves meets a rule after the local table, what arrives needs one before it. */
export function buildBlackholeScript(action: 'add' | 'delete', way: Direction, kind: TargetKind, each: Family, address: string): string {
  const [port, protocols] = kind === 'dns' ? [dnsPort, ['udp', 'tcp'] as const] : [httpPort, ['tcp'] as const];
  const rules = (pref: string, side: 'from' | 'to', ports: 'sport' | 'dport'): string[] =>
    protocols.map((protocol) => `ip -${each} rule ${action} pref ${pref} ${side} ${address} ipproto ${protocolNumbers[protocol]} ${ports} ${port} blackhole`);
  const leaving = way === 'to' ? [] : rules(rulesOnLeaving, 'from', 'sport');
  if (way === 'from') return leaving.join('\n');
  const arriving = rules(rulesBeforeLocal, 'to', 'dport');
  return [...leaving, ...(action === 'add' ? [buildMoveLocal(each), ...arriving] : [...arriving, buildMoveLocalBack(each)])].join('\n');
}
