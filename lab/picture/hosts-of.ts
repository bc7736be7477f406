/** Which hosts a picture has: those of a lab, and those of a capture. Apart from hosts.ts, because a browser could not load it. */
import { namesByAddress } from '../analysis/captured.ts';
import { countBy } from '../analysis/count-by.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { dnsPort, hostsOf, isBackend, type Topology } from '../vocabulary/topology.ts';
import type { PicturedHosts, PicturedServer } from './model.ts';

/** The hosts of a lab. A backend keeps its lane where it moves to another address. */
export function hostsOfLab(topology: Topology): PicturedHosts {
  const { hosts, spares, backends } = topology;
  return {
    servers: backends.map((name) => ({ name, addresses: [hosts[name], spares[name]].flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]) })),
    others: Object.fromEntries(hostsOf(topology).filter((name) => !isBackend(name)).flatMap((name) => [[hosts[name].ipv4, name], [hosts[name].ipv6, name]])),
  };
}

/**
 * The hosts that a capture shows: each address that the client spoke to, or tried to, is a server of its own. It has the name whose DNS answer had its
 * address, or the name that the file itself has for it (`names`), or none.
 */
export function hostsOfCapture(events: readonly TimelineEvent[], client: readonly string[], names: ReadonlyMap<string, string>): PicturedHosts {
  const asked = namesByAddress(events);
  // An attempt at a host that has vanished sends no more than the question for its hardware address.
  const isServers = (event: TimelineEvent): boolean => ('port' in event && event.port !== dnsPort) || (event.event === 'wire:neighbour-solicitation' && asked.has(event.address));
  const addresses = [...new Set(events.flatMap((event) => ('address' in event && isServers(event) ? [event.address] : [])))];
  // Of several DNS servers, the first one is the usual one.
  const query = events.find((event) => event.event === 'wire:dns-query');
  return {
    servers: addresses.map((address) => {
      const name = asked.get(address) ?? names.get(address);
      return name === undefined ? { name: address, addresses: [address] } : { name, addresses: [address], address };
    }),
    others: { ...(query && { [query.address]: 'dns' }), ...Object.fromEntries(client.map((address) => [address, 'client'])) },
  };
}

/** The same hosts with at most `most` servers: those with the most packets. They keep their order. */
export function busiest(hosts: PicturedHosts, events: readonly TimelineEvent[], most: number): PicturedHosts {
  const packets = countBy(events.flatMap((event) => ('address' in event ? [event.address] : [])));
  const count = ({ addresses }: PicturedServer): number => addresses.reduce((sum, address) => sum + (packets[address] ?? 0), 0);
  const kept = new Set(hosts.servers.toSorted((one, other) => count(other) - count(one)).slice(0, most));
  return { ...hosts, servers: hosts.servers.filter((server) => kept.has(server)) };
}
