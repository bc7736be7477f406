/** The DNS server's switches, typed; what each does is written in services/dns/policy.ts. */
import type { FilterName } from '../../services/dns/filters.ts';
import type { Policy } from '../../services/dns/policy.ts';
import type { AddressType } from '../../services/dns/records.ts';
import type { Service } from '../network/server.ts';

export interface DnsControl {
  aaaa(on: boolean): Promise<Policy>;
  ttl(seconds: number): Promise<Policy>;
  /** Switches one filter of the chain, for one record type or both. */
  filter(filter: FilterName, on: boolean, n?: number, type?: AddressType): Promise<Policy>;
  /** Replaces the chain: `['selectFirst 2', 'shuffle']` is not `['shuffle', 'selectFirst 2']`. */
  chain(links: string[], type?: AddressType): Promise<Policy>;
  record(action: 'add' | 'remove' | 'up' | 'down', name: string, type: AddressType, address: string): Promise<Policy>;
  impair(impairment: { type?: AddressType; delayMs?: number; drop?: boolean; rcode?: string | null }): Promise<Policy>;
}

export function dnsControl(remote: Service): DnsControl {
  return {
    aaaa: (on) => remote.call('aaaa', { on }),
    ttl: (seconds) => remote.call('ttl', { seconds }),
    filter: (filter, on, n, type) => remote.call('filter', { filter, on, n, type }),
    chain: (links, type) => remote.call('chain', { links, type }),
    record: (action, name, type, address) => remote.call('record', { action, name, type, address }),
    impair: (impairment) => remote.call('impair', impairment),
  };
}
