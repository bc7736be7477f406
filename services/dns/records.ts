/** The records that the DNS server answers with. */
import { isIP } from 'node:net';
import { textThat } from '../../lab/vocabulary/values.ts';
import type { MessageWriter } from './message.ts';

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

/**
 * One HTTPS record (RFC 9460): the web server's name, and the protocols that it speaks. It has no port, which is then that of the URL (section 7.2), and no
 * addresses, which the A and AAAA records tell.
 */
export interface ServiceRecord {
  /** The name in the query: `_8443._https.web.lab.test` for `https://web.lab.test:8443/` (section 9.1). */
  name: string;
  type: 'HTTPS';
  /** The name with the addresses. */
  target: string;
  /** Protocols by their names in ALPN: `h2`, `http/1.1`. */
  alpn: readonly string[];
}

/** Whether records of this type hold addresses. */
export function isAddressType(type: string): type is AddressType {
  return (addressTypes as readonly string[]).includes(type);
}

/**
 * What the address of a record looks like. Another text would leave the server as a broken record: `addressBytes` does not check it, and it does
 * not read the IPv6 form with dots (::ffff:1.2.3.4). A zone index (fe80::1%eth0) means something on its own host only.
 */
const isAddressOf = (type: AddressType, address: string): boolean => (type === 'A' ? isIP(address) === 4 : isIP(address) === 6 && !/[%.]/.test(address));
export const addressKinds = {
  A: textThat('an IPv4 address', (address) => isAddressOf('A', address)),
  AAAA: textThat('an IPv6 address without a zone index and without dots', (address) => isAddressOf('AAAA', address)),
};
export const anyAddress = textThat('an IPv4 address, or an IPv6 address without a zone index and without dots', (address) => addressTypes.some((type) => isAddressOf(type, address)));

/** The addresses that have been written before. There are no more of them than the lab's commands have named. */
const known = new Map<string, Buffer>();

/** Returns an address as a record holds it: 4 bytes, or 16 (RFC 1035 section 3.4.1, RFC 3596 section 2.2). `::` stands for groups of zeros (RFC 4291 section 2.2). */
export function addressBytes(address: string): Buffer {
  let bytes = known.get(address);
  if (bytes === undefined) known.set(address, (bytes = address.includes(':') ? ipv6Bytes(address) : Buffer.from(address.split('.').map(Number))));
  return bytes;
}

function ipv6Bytes(address: string): Buffer {
  const [before = [], after = []] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const bytes = Buffer.alloc(16);
  before.forEach((group, index) => bytes.writeUInt16BE(parseInt(group, 16), 2 * index));
  after.forEach((group, index) => bytes.writeUInt16BE(parseInt(group, 16), 16 - 2 * (after.length - index)));
  return bytes;
}

/** The only record of its name has priority 1; 0 would make it an alias (RFC 9460 section 2.4.1). */
const priority = 1;
const alpnKey = 1;

/** Writes the data of an HTTPS record (RFC 9460 section 2.2). */
export function writeService({ target, alpn }: ServiceRecord, writer: MessageWriter): void {
  const labels = target.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  const protocols = alpn.flatMap((protocol) => [Buffer.from([protocol.length]), Buffer.from(protocol, 'latin1')]);
  writer.word(priority);
  // A pointer is not allowed here, so this name is not written as others are.
  writer.raw(Buffer.concat([...labels, Buffer.from([0])]));
  writer.word(alpnKey);
  writer.word(Buffer.concat(protocols).length);
  writer.raw(Buffer.concat(protocols));
}

/** `1 web.lab.test alpn=h2,http/1.1`. */
export function serviceText({ target, alpn }: ServiceRecord): string {
  return `${priority} ${target} alpn=${alpn.join(',')}`;
}
