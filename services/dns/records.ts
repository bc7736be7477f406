/** The records that the DNS server answers with. */

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
