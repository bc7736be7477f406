/**
 * The host leaves the segment, as when its power fails (S8): it answers nothing, not even ARP or ND. A client without a neighbour entry
 * gets EHOSTUNREACH after three unanswered solicitations, 3 s (RFC 4861 section 10; arp(7)). A client with a neighbour entry keeps
 * sending without an answer until its kernel doubts the entry.
 *
 * The fault takes the host's own interface down. `keep_addr_on_down`, set when the host was made, keeps the IPv6 address for the return.
 */
import { defineFault, observeEach, runOn } from './fault.ts';

export const vanish = defineFault({
  summary: 'takes the host off the segment: no FIN, no RST, no ARP',
  effect: 'silence; EHOSTUNREACH after 3 s if the client has no neighbour entry for the host',
  on: ['backend', 'dns'],
  options: {},
  apply: async (target) => {
    await runOn(target, ['ip', 'link', 'set', 'eth0', 'down']);
    return () => runOn(target, ['ip', 'link', 'set', 'eth0', 'up']);
  },
  observe: (target) =>
    observeEach([4, 6], async (family) => {
      const { outcome, neighbour } = await target.probe.connectAsStranger(target.name, family);
      return { seen: outcome === 'silent' && !neighbour, observed: `${outcome}, ${neighbour ? 'neighbour answers' : 'no neighbour answers'}` };
    }),
});
