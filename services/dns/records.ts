/** The records that the DNS server answers with. */
import { isIP } from 'node:net';
import { textThat } from '../../lab/vocabulary/values.ts';

export const addressTypes = ['A', 'AAAA'] as const;
export type AddressType = (typeof addressTypes)[number];

/** One A or AAAA record. */
export interface AddressRecord {
  name: string;
  type: AddressType;
  address: string;
  /** False for a record that is marked down, as after a failed health check. The `up` filter reads it. */
  up: boolean;
  /** The record's place in the zone. The `sort` filter restores this order. */
  position: number;
}

/** Whether records of this type hold addresses. */
export function isAddressType(type: string): type is AddressType {
  return (addressTypes as readonly string[]).includes(type);
}

/**
 * What the address of a record looks like. Another text would leave the server as a broken record: dns2 does not check it, and it cannot write
 * the IPv6 form with dots (::ffff:1.2.3.4). A zone index (fe80::1%eth0) means something on its own host only.
 */
const isAddressOf = (type: AddressType, address: string): boolean => (type === 'A' ? isIP(address) === 4 : isIP(address) === 6 && !/[%.]/.test(address));
export const addressKinds = {
  A: textThat('an IPv4 address', (address) => isAddressOf('A', address)),
  AAAA: textThat('an IPv6 address without a zone index and without dots', (address) => isAddressOf('AAAA', address)),
};
export const anyAddress = textThat('an IPv4 address, or an IPv6 address without a zone index and without dots', (address) => addressTypes.some((type) => isAddressOf(type, address)));
