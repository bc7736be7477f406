/**
 * The host leaves the segment, as when its power fails (S8): it answers nothing, not even ARP or ND. A client without a neighbour entry
 * gets EHOSTUNREACH after three unanswered solicitations, 3 s (RFC 4861 section 10; arp(7)). A client with a neighbour entry keeps
 * sending without an answer until its kernel doubts the entry.
 *
 * The fault takes the host's own interface down. `keep_addr_on_down`, set when the host was made, keeps the IPv6 address for the return. In a
 * container this setting may be refused. So the healing puts back each address that was lost.
 */
import { untilUsable } from '../network/usable-address.ts';
import { defineFault, observeEach, outputOf, runOn } from './fault.ts';

const listAddresses = 'ip -6 -brief address show dev eth0 scope global';

/** The IPv6 addresses that the output of `listAddresses` has, with their prefix lengths. */
function addressesIn(shown: string): string[] {
  return shown.match(/[\da-f:]+\/\d+/g) ?? [];
}

export const vanish = defineFault({
  summary: 'takes the host off the segment: no FIN, no RST, no ARP',
  effect: 'silence; EHOSTUNREACH after 3 s if the client has no neighbour entry for the host',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    // One program, because each start of one on the host takes some milliseconds.
    const [before = '', after = ''] = (await outputOf(target, ['sh', '-ec', `${listAddresses}\necho then\nip link set eth0 down\n${listAddresses}`])).split('then\n');
    const kept = addressesIn(after);
    const lost = addressesIn(before).filter((each) => !kept.includes(each));
    return async () => {
      const shown = await outputOf(target, ['sh', '-ec', ['ip link set eth0 up', ...lost.map((each) => `ip address replace ${each} dev eth0 nodad`), listAddresses].join('\n')]);
      await runOn(target, ['sh', '-ec', untilUsable(addressesIn(shown), 'eth0')]);
    };
  },
  observe: (target) =>
    observeEach([4, 6], async (family) => {
      const { outcome, neighbour } = await target.probe.connectAsStranger(target.name, family);
      return { seen: outcome === 'silent' && !neighbour, observed: `${outcome}, ${neighbour ? 'neighbour answers' : 'no neighbour answers'}` };
    }),
});
