/** The records that the DNS server answers with. */

export const addressTypes = ['A', 'AAAA'] as const;
export type AddressType = (typeof addressTypes)[number];

export interface AddressRecord {
  name: string;
  type: AddressType;
  address: string;
  /** What a health check would say; the `up` filter reads it. */
  up: boolean;
  /** Place in the zone file, which the `sort` filter restores. */
  position: number;
}

/** Whether the records of this type are addresses. */
export function isAddressType(type: string): type is AddressType {
  return (addressTypes as readonly string[]).includes(type);
}
