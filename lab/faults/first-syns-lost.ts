/**
 * The first SYNs of each connection are lost, and the next SYN arrives. The handshake takes as long as the client's kernel waits before
 * it retransmits. That is 1 s for the first SYN (RFC 6298 section 2), so the connect is slow although the network is not. The nth
 * retransmission follows after n seconds while `tcp_syn_linear_timeouts` lasts (4 on current kernels), otherwise after 1, 3, 7, … s.
 *
 * Each flow has its own count, so the observer's connects do not change the client's count.
 */
import { family, integer } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { defineFault, familiesOf, observeEach } from './fault.ts';
import { applyTables, nftFamilies } from './nft.ts';

/** The retransmission timers of the connecting kernel may fire early by some jiffies, and late on a busy machine. */
const earlyMs = 20;

export const firstSynsLost = defineFault({
  summary: 'drops the first SYNs of each new connection',
  effect: 'a connect takes 1 s or more, until a retransmitted SYN arrives',
  on: ['backend'],
  options: { count: integer(1, 1, 'how many SYNs of each connection are dropped', 4), family: family('the IP family whose SYNs are dropped, 0 for both') },
  apply: (target, options) => applyTables(target, table, familiesOf(options.family), (each) => buildFirstSynsScript(each, target.port, options.count)),
  answersLateMs: ({ count }) => (2 ** count - 1) * 1_000,
  observe: (target, options) =>
    observeEach(familiesOf(options.family), async (each) => {
      const slowestMs = (2 ** options.count - 1) * 1_000;
      const { outcome, tookMs } = await target.probe.connect(target.name, each, slowestMs + 900);
      return { seen: outcome === 'connected' && tookMs >= options.count * 1_000 - earlyMs, observed: `${outcome} after ${tookMs.toFixed(0)} ms` };
    }),
});

const table = 'first_syns_lost';

/** The nft set holds each flow with a bucket of `count` tokens. A SYN that finds a token is dropped. The bucket refills too slowly to matter. */
export function buildFirstSynsScript(each: Family, port: number, count: number): string {
  const { table: nftFamily, address } = nftFamilies[each];
  return `add table ${nftFamily} ${table}
add set ${nftFamily} ${table} flows { type ${address} . inet_service; flags dynamic; timeout 10m; }
add chain ${nftFamily} ${table} arriving { type filter hook input priority filter; }
add rule ${nftFamily} ${table} arriving tcp dport ${port} tcp flags & (syn | ack) == syn add @flows { ${nftFamily} saddr . tcp sport limit rate 1/day burst ${count} packets } drop`;
}
