/** The hosts of a picture: what it calls them, and their colours. */
import type { PicturedHosts, Tone } from './model.ts';

/** How many colours there are for servers. A picture with more servers uses them again. */
export const hostColours = 6;

/** The place of the server that has an address, or -1. */
export function serverAt({ servers }: PicturedHosts, address: string): number {
  return servers.findIndex(({ addresses }) => addresses.includes(address));
}

/** What a picture calls the host of an address; the address itself if nothing names it. */
export function nameAt(hosts: PicturedHosts, address: string): string {
  return hosts.servers[serverAt(hosts, address)]?.name ?? hosts.others[address] ?? address;
}

/** The tone of the marks of a server, by its place. */
export function serverTone(server: number): Tone {
  return server < 0 ? 'note' : `host-${server % hostColours}`;
}
