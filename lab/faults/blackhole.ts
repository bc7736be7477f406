/**
 * Silence: the server's own network namespace drops packets (ip-rule(8), `blackhole`): the server's answers on their way out, the
 * client's packets on their way in, or both. The client's kernel gets no RST and no ICMP; ARP and ND are still answered. The lab cannot
 * drop on the client's side, because a blackhole route there fails at once with EINVAL. Established connections fall silent too.
 *
 * A client cannot tell the two directions apart. The server can: with `to` it gets no request, with `from` it has answered the request.
 */
import { direction, family, type Direction } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach, protocolNumbers, runOn, type FaultTarget } from './fault.ts';
import { buildMoveLocal, buildMoveLocalBack, rulesBeforeLocal, rulesOnLeaving } from './ip-rules.ts';

export const blackhole = defineFault({
  summary: 'drops the packets that the server sends, receives, or both; in one family or both',
  effect: 'silence: the client retransmits SYNs until it gives up; established connections stall',
  on: ['backend', 'dns'],
  options: { family: family('the IP family to silence, 0 for both'), direction: direction('from', 'drop the packets to the server, from the server, or both') },
  apply: async (target, options) => {
    const families = familiesOf(options.family);
    const script = (action: 'add' | 'delete'): Promise<void> =>
      runOn(target, ['sh', '-ec', families.map((each) => buildBlackholeScript(action, options.direction, target, each, target.address(each))).join('\n')]);
    await script('add');
    return () => script('delete');
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, ['silent'])),
});

/** HTTP uses TCP; DNS uses UDP and TCP. A rule after the local table catches leaving packets. Arriving packets need a rule before that table. */
export function buildBlackholeScript(action: 'add' | 'delete', way: Direction, { kind, port }: Pick<FaultTarget, 'kind' | 'port'>, each: Family, address: string): string {
  const protocols = kind === 'dns' ? (['udp', 'tcp'] as const) : (['tcp'] as const);
  const rules = (pref: string, side: 'from' | 'to', ports: 'sport' | 'dport'): string[] =>
    protocols.map((protocol) => `ip -${each} rule ${action} pref ${pref} ${side} ${address} ipproto ${protocolNumbers[protocol]} ${ports} ${port} blackhole`);
  const leaving = way === 'to' ? [] : rules(rulesOnLeaving, 'from', 'sport');
  if (way === 'from') return leaving.join('\n');
  const arriving = rules(rulesBeforeLocal, 'to', 'dport');
  return [...leaving, ...(action === 'add' ? [buildMoveLocal(each), ...arriving] : [...arriving, buildMoveLocalBack(each)])].join('\n');
}
