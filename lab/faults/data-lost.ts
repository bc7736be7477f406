/**
 * Segments with data are lost, while handshakes and bare acknowledgements pass: the client connects, and then gets no answer. A path
 * that drops large packets looks like this, and so does a middlebox that blocks some content. The client's kernel retransmits the segment
 * and doubles the wait each time (RFC 6298 section 5). The request arrives with the first retransmission after healing.
 *
 *   client   SYN ─────▶  SYN+ACK ◀─────  ACK ─────▶   server
 *            request ──╳      request ──╳
 */
import { family } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { applyTables, nftFamilies } from './nft.ts';

export const dataLost = defineFault({
  summary: 'drops each segment that ends a write of the client (PSH); handshakes pass',
  effect: 'connects succeed; then silence: the client’s kernel retransmits requests, on new and established connections',
  on: ['backend'],
  options: { family: family('the IP family whose data is lost, 0 for both') },
  apply: (target, options) => applyTables(target, table, familiesOf(options.family), (each) => buildDataLostScript(each, target.port)),
  observe: (target, options) =>
    observeEach(familiesOf(options.family), async (each) => {
      const { outcome } = await target.probe.get(target.name, each);
      return { seen: outcome === 'connected, then silent', observed: outcome };
    }),
});

const table = 'data_lost';

/** A sender sets PSH on the last segment of each write (RFC 9293 section 3.9.1.2). Each request has such a segment; handshakes and acknowledgements have none. */
export function buildDataLostScript(each: Family, port: number): string {
  const own = `${nftFamilies[each].table} ${table}`;
  return `add table ${own}
add chain ${own} arriving { type filter hook input priority filter; }
add rule ${own} arriving tcp dport ${port} tcp flags & psh == psh drop`;
}
