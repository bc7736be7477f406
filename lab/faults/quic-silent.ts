/**
 * Silence on the port of QUIC: the server's host drops the datagrams that arrive for it (nft(8)), as a firewall does that lets only TCP through. The client
 * gets no ICMP. Without the fault the kernel answers each datagram with ICMP "port unreachable", because no backend speaks HTTP/3. The lab cannot drop on the
 * client's side: a rule there fails the send at once with EPERM.
 *
 * Only a client that tries QUIC meets the fault: one that knows from an HTTPS record that the server speaks h3 (RFC 9460), or from Alt-Svc (RFC 7838).
 */
import { family } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { applyTables, nftFamilies } from './nft.ts';

export const quicSilent = defineFault({
  summary: 'drops the datagrams to the UDP port of the same number as the HTTPS port: QUIC meets silence',
  effect: 'a client that tries HTTP/3 gets no answer and no error; over TCP everything works',
  on: ['backend'],
  needs: 'tls',
  options: { family: family('the IP family to silence, 0 for both') },
  apply: (target, options) => applyTables(target, table, familiesOf(options.family), (each) => buildQuicSilentScript(each, target.port)),
  observe: (target, options) =>
    observeEach(familiesOf(options.family), async (each) => {
      const [udp, tcp] = await Promise.all([target.probe.datagram(target.name, each), target.probe.connect(target.name, each, target.probe.endingMs)]);
      return { seen: udp.outcome === 'silent' && tcp.outcome === 'connected', observed: `UDP ${udp.outcome}, TCP ${tcp.outcome}` };
    }),
});

const table = 'quic_silent';

export function buildQuicSilentScript(each: Family, port: number): string {
  const own = `${nftFamilies[each].table} ${table}`;
  return [`add table ${own}`, `add chain ${own} arriving { type filter hook input priority filter; }`, `add rule ${own} arriving udp dport ${port} drop`].join('\n');
}
