/**
 * A connection that only one side still knows (S8). Packets of established connections are lost, in one direction or both, with no FIN,
 * no RST and no ICMP. This happens when a NAT or a firewall forgets a flow, or when another host takes over an address. New connections
 * work.
 *
 *   client   request ──╳        (to)        client   request ───▶
 *   server                                  server   ╳── answer   (from)
 *
 * The client's kernel cannot tell the two directions apart: in both, its data stays unacknowledged, and it retransmits the data
 * `tcp_retries2` times (tcp(7)). The server can: with `to` the request never arrives, with `from` the server has carried it out.
 */
import { choice, direction, family, type Direction } from '../vocabulary/options.ts';
import { addressOf, type Family } from '../vocabulary/topology.ts';
import { patienceMs } from '../network/probe.ts';
import { defineFault, familiesOf, observeEach, type FaultTarget } from './fault.ts';
import { applyTables, nftFamilies } from './nft.ts';

export const halfOpen = defineFault({
  summary: 'drops the packets of the connections that are established now, in one direction or both',
  effect: 'a request on a kept connection meets silence, and the kernel retransmits it; new connections work',
  on: ['backend'],
  options: {
    direction: direction('both', 'drop the packets to the server, from the server, or both'),
    connections: choice(['established', 'one', 'all'], 'established', 'silence the connections that are established now, or one of each client, or all, new ones too'),
    family: family('the IP family to silence, 0 for both'),
  },
  holds: 'old',
  apply: async (target, options) => {
    const families = familiesOf(options.family);
    const peers = new Map(await Promise.all(families.map(async (each) => {
      const all = await peersOf(target, each);
      return [each, options.connections === 'one' ? oneOfEach(all, addressOf(target.topology, 'observer', each)) : all] as const;
    })));
    return await applyTables(target, table, families, (each) => buildHalfOpenScript(each, target.port, options.direction, options.connections === 'all' ? null : (peers.get(each) ?? [])));
  },
  observe: (target, options) =>
    observeEach(familiesOf(options.family), async (each) => {
      const path = `/?half-open=${++looks}`;
      const { outcome: kept } = await target.held(each).get(path);
      const [arrived, { outcome: fresh }] = await Promise.all([target.arrived(path), target.probe.get(target.name, each, '/', options.connections === 'all' ? target.probe.silenceMs : patienceMs)]);
      return {
        seen: kept === 'silent' && arrived === (options.direction === 'from') && fresh === (options.connections === 'all' ? 'silent' : 'response'),
        observed: `kept connection ${kept}, its request ${arrived ? 'arrived' : 'did not arrive'}, new connection ${fresh}`,
      };
    }),
});

const table = 'half_open';
/** Each look asks for a path of its own, so that its request can be told from earlier requests. */
let looks = 0;

/** The remote ends of the server's established connections, as `address . port`. */
async function peersOf(target: FaultTarget, each: Family): Promise<string[]> {
  const { stdout } = await target.host.run(['ss', `-${each}`, '-Htn', 'state', 'established', 'sport', '=', `:${target.port}`]);
  return parsePeers(stdout);
}

/** One connection of each client address. All of the observer's, since the observer holds some to see the fault. */
function oneOfEach(peers: readonly string[], observer: string): string[] {
  const hostOf = (peer: string): string => peer.split(' . ')[0] ?? '';
  return peers.filter((peer, index) => hostOf(peer) === observer || peers.findIndex((each) => hostOf(each) === hostOf(peer)) === index);
}

/** `0 0 [2001:db8:1::11]:8080 [2001:db8:1::250]:41000` → `2001:db8:1::250 . 41000` */
export function parsePeers(stdout: string): string[] {
  return stdout.split('\n').flatMap((line) => {
    const match = /(\S+):(\d+)\s*$/.exec(line);
    return match ? [`${(match[1] ?? '').replace(/^\[|\]$/g, '')} . ${match[2] ?? ''}`] : [];
  });
}

/** `peers` lists the flows to silence; null silences every flow. */
export function buildHalfOpenScript(each: Family, port: number, way: Direction, peers: readonly string[] | null): string {
  const { table: nftFamily, address } = nftFamilies[each];
  const own = `${nftFamily} ${table}`;
  const flow = (addressField: string, portField: string): string => (peers === null ? '' : `${nftFamily} ${addressField} . tcp ${portField} @flows `);
  return [
    `add table ${own}`,
    ...(peers === null ? [] : [`add set ${own} flows { type ${address} . inet_service; }`]),
    ...(peers === null || peers.length === 0 ? [] : [`add element ${own} flows { ${peers.join(', ')} }`]),
    ...(way === 'from' ? [] : [`add chain ${own} arriving { type filter hook input priority filter; }`, `add rule ${own} arriving tcp dport ${port} ${flow('saddr', 'sport')}drop`]),
    ...(way === 'to' ? [] : [`add chain ${own} leaving { type filter hook output priority filter; }`, `add rule ${own} leaving tcp sport ${port} ${flow('daddr', 'dport')}drop`]),
  ].join('\n');
}
