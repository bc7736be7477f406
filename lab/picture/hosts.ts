/** The hosts of a picture: those of the lab, or those that a capture from elsewhere shows. */
import type { Tone } from './model.ts';

/** A server that the client may meet. It has a lane. */
export interface PicturedServer {
  name: string;
  addresses: readonly string[];
  /** Stands below the name, where the name alone does not say which server it is. */
  address?: string;
}

/** Data, so that a page can hold it. */
export interface PicturedHosts {
  /** In the order of their lanes. */
  servers: readonly PicturedServer[];
  /** The names of the other hosts, by their addresses. */
  others: Readonly<Record<string, string>>;
}

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
