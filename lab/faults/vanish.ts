/**
 * The host leaves the segment, as when its power fails (S8): it answers nothing, not even ARP or ND. A client without a neighbour entry
 * gets EHOSTUNREACH after three unanswered solicitations, 3 s (RFC 4861 section 10; arp(7)). A client with a neighbour entry keeps
 * sending without an answer until its kernel doubts the entry.
 *
 * The fault takes the host's own interface down. `keep_addr_on_down`, set when the host was made, keeps the IPv6 address for the return. In a
 * container this setting may be refused. So the healing puts back each address that was lost.
 */
import { untilUsable } from '../network/usable-address.ts';
import { defineFault, observeEach, outputOf, runOn, type FaultTarget } from './fault.ts';

/** The IPv6 addresses that eth0 has after some shell commands, with their prefix lengths. */
async function ipv6After(target: FaultTarget, commands: readonly string[]): Promise<string[]> {
  const shown = await outputOf(target, ['sh', '-ec', [...commands, 'ip -6 -brief address show dev eth0 scope global'].join('\n')]);
  return shown.match(/[\da-f:]+\/\d+/g) ?? [];
}

export const vanish = defineFault({
  summary: 'takes the host off the segment: no FIN, no RST, no ARP',
  effect: 'silence; EHOSTUNREACH after 3 s if the client has no neighbour entry for the host',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    const before = await ipv6After(target, []);
    const kept = await ipv6After(target, ['ip link set eth0 down']);
    const lost = before.filter((each) => !kept.includes(each));
    return async () => {
      const addresses = await ipv6After(target, ['ip link set eth0 up', ...lost.map((each) => `ip address replace ${each} dev eth0 nodad`)]);
      await runOn(target, ['sh', '-ec', untilUsable(addresses, 'eth0')]);
    };
  },
  observe: (target) =>
    observeEach([4, 6], async (family) => {
      const { outcome, neighbour } = await target.probe.connectAsStranger(target.name, family);
      return { seen: outcome === 'silent' && !neighbour, observed: `${outcome}, ${neighbour ? 'neighbour answers' : 'no neighbour answers'}` };
    }),
});
