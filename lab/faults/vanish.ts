/**
 * The host leaves the segment, as when its power fails (S8): it answers nothing, not even ARP or ND. A client without a neighbour entry
 * gets EHOSTUNREACH after three unanswered solicitations, 3 s (RFC 4861 section 10; arp(7)). A client with a neighbour entry keeps
 * sending without an answer until its kernel doubts the entry.
 *
 * The fault takes the host's own interface down. `keep_addr_on_down`, set when the host was made, keeps the IPv6 address for the return. In a
 * container this setting may be refused. So the healing puts back each address that no interface of the host has any more.
 */
import { defineFault, observeEach, runOn } from './fault.ts';

const upAgain = 'ip link set eth0 up; for each; do [ -n "$(ip -6 address show to "$each")" ] || ip address add "$each" dev eth0 nodad; done';

export const vanish = defineFault({
  summary: 'takes the host off the segment: no FIN, no RST, no ARP',
  effect: 'silence; EHOSTUNREACH after 3 s if the client has no neighbour entry for the host',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    const { exitCode, stdout, stderr } = await target.host.run(['sh', '-ec', 'ip -6 -brief address show dev eth0 scope global; ip link set eth0 down']);
    if (exitCode !== 0) throw new Error(`\`ip link set eth0 down\` on ${target.name} ended with ${exitCode}: ${stderr}`);
    const addresses = stdout.match(/[\da-f:]+\/\d+/g) ?? [];
    return () => runOn(target, ['sh', '-ec', upAgain, 'sh', ...addresses]);
  },
  observe: (target) =>
    observeEach([4, 6], async (family) => {
      const { outcome, neighbour } = await target.probe.connectAsStranger(target.name, family);
      return { seen: outcome === 'silent' && !neighbour, observed: `${outcome}, ${neighbour ? 'neighbour answers' : 'no neighbour answers'}` };
    }),
});
