/**
 * Segments that carry data do not arrive, while handshakes and bare acknowledgements do: connecting works, and then nothing comes.
 * A path that drops what is large, and a middlebox that dislikes what it reads, look like this. The client's kernel repeats the segment
 * each time after twice as long (RFC 6298 section 5), and with the first one after healing the request arrives.
 *
 *   client   SYN ─────▶  SYN+ACK ◀─────  ACK ─────▶   server
 *            request ──╳      request ──╳
 */
import { family } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { applyTables, nftFamilies } from './nft.ts';

export const dataLost = defineFault({
  summary: 'drops every segment that ends a client’s write; handshakes pass',
  effect: 'connects succeed; requests are repeated by the kernel into silence, on new connections and old ones',
  on: ['backend'],
  options: { family: family('the family whose data is lost, 0 for both') },
  apply: (target, options) => applyTables(target, table, familiesOf(options.family), (each) => buildDataLostScript(each, target.port)),
  observe: (target, options) =>
    observeEach(familiesOf(options.family), async (each) => {
      const { outcome } = await target.probe.get(target.name, each);
      return { seen: outcome === 'connected, then silent', observed: outcome };
    }),
});

const table = 'data_lost';

/** A sender sets PSH on the last segment of each write (RFC 9293 section 3.9.1.2): a request has one, handshakes and acknowledgements none. */
export function buildDataLostScript(each: Family, port: number): string {
  const own = `${nftFamilies[each].table} ${table}`;
  return `add table ${own}
add chain ${own} arriving { type filter hook input priority filter; }
add rule ${own} arriving tcp dport ${port} tcp flags & psh == psh drop`;
}
