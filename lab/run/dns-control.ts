/** The switches of the DNS server, with types. services/dns/policy.ts carries them out. */
import type { FilterName } from '../../services/dns/filters.ts';
import type { Policy } from '../../services/dns/policy.ts';
import type { AddressType } from '../../services/dns/records.ts';
import type { Service } from '../network/server.ts';

/** The switches of the DNS server's answer policy. Each one returns the policy that is in force then. @throws {LabError} BAD_INPUT for a wrong value. */
export interface DnsControl {
  /** Switches all AAAA records on or off. */
  aaaa(on: boolean): Promise<Policy>;
  /** Gives all records this TTL. */
  ttl(seconds: number): Promise<Policy>;
  /** Whether answers from `lab.test` have the flag AA (RFC 1035 section 4.1.1). */
  aa(on: boolean): Promise<Policy>;
  /** Whether all answers have the flag RA (RFC 1035 section 4.1.1). */
  ra(on: boolean): Promise<Policy>;
  /** Whether an answer without a record has the SOA of the zone (RFC 2308 section 2). */
  soa(on: boolean): Promise<Policy>;
  /** Switches one filter of the chain, for one record type or both. */
  filter(filter: FilterName, on: boolean, n?: number, type?: AddressType): Promise<Policy>;
  /** Replaces the chain. The order matters: `['selectFirst 2', 'shuffle']` differs from `['shuffle', 'selectFirst 2']`. */
  chain(links: string[], type?: AddressType): Promise<Policy>;
  /** Adds or removes a record, or marks it up or down for the `up` filter. */
  record(action: 'add' | 'remove' | 'up' | 'down', name: string, type: AddressType, address: string): Promise<Policy>;
  /** Lets the HTTPS records announce these protocols, by their names in ALPN, the preferred one first: `h3`, `h2`, `http/1.1`. */
  announce(alpn: readonly string[]): Promise<Policy>;
  /** Delays, drops, refuses or truncates the answers of one record type, or of A and AAAA. `truncate` is the number of records that stay. */
  impair(impairment: { type?: AddressType | 'HTTPS'; delayMs?: number; drop?: boolean; rcode?: string | null; truncate?: number | null }): Promise<Policy>;
}

export function dnsControl(remote: Service): DnsControl {
  return {
    aaaa: (on) => remote.call('aaaa', { on }),
    ttl: (seconds) => remote.call('ttl', { seconds }),
    aa: (on) => remote.call('aa', { on }),
    ra: (on) => remote.call('ra', { on }),
    soa: (on) => remote.call('soa', { on }),
    filter: (filter, on, n, type) => remote.call('filter', { filter, on, n, type }),
    chain: (links, type) => remote.call('chain', { links, type }),
    record: (action, name, type, address) => remote.call('record', { action, name, type, address }),
    announce: (alpn) => remote.call('announce', { alpn }),
    impair: (impairment) => remote.call('impair', impairment),
  };
}
