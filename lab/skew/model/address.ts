/** Addresses, and how many of their first bits are equal. ipaddr.js (https://github.com/whitequark/ipaddr.js) parses them. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { LabError } from '../../vocabulary/errors.ts';

export interface Address {
  /** As it was given. */
  text: string;
  family: 4 | 6;
  /** 4 or 16 bytes. */
  bytes: readonly number[];
}

/** An address of a host, and the length of its subnet's prefix. */
export interface HostAddress extends Address {
  prefixLength: number;
}

/** @throws {LabError} BAD_INPUT for a text that is no address. `option` is the option that holds it. */
export function parseAddress(text: string, option: string): Address {
  const address = text.includes('%') ? undefined : anyAddress(text);
  // An IPv4-mapped address in an AAAA record is an IPv4 address for some resolvers, and an IPv6 address for others.
  if (address === undefined || samePrefix(address, mappedPrefix, 96)) {
    const remark = isIP(text) === 6 ? ' It may have no zone index (`%eth0`), and an IPv4 address is written without `::ffff:`.' : '';
    throw new LabError('BAD_INPUT', `Expected each address of \`${option}\` to be an IPv4 or IPv6 address, got \`${text}\`.${remark}`);
  }
  const [first = 0] = address.bytes;
  if (address.bytes.every((byte) => byte === 0) || (address.family === 4 ? first >> 4 === 14 : first === 0xff)) {
    throw new LabError('BAD_INPUT', `Expected each address of \`${option}\` to be the address of a host, got \`${text}\`.`);
  }
  return address;
}

/** The address, or undefined if the text is none. */
export function anyAddress(text: string): Address | undefined {
  const family = isIP(text);
  return family === 4 || family === 6 ? { text, family, bytes: ipaddr.parse(text).toByteArray() } : undefined;
}

/** The address in its IPv6 form: IPv4 addresses become ::ffff:1.2.3.4 (RFC 4291 section 2.5.5.2). */
export function mapped(address: Address): Address {
  return address.family === 6 ? address : { text: `::ffff:${address.text}`, family: 6, bytes: [...Array<number>(10).fill(0), 0xff, 0xff, ...address.bytes] };
}

const mappedPrefix = mapped({ text: '0.0.0.0', family: 4, bytes: [0, 0, 0, 0] });

/** Parses `172.18.1.9/16`. @throws {LabError} BAD_INPUT if it is no address of a host with the length of its prefix. */
export function parseHostAddress(text: string, option: string): HostAddress {
  const [address = '', length, ...rest] = text.split('/');
  if (length === undefined || rest.length > 0) throw new LabError('BAD_INPUT', `Expected \`${option}\` to be an address and the length of its prefix, such as 172.18.1.9/16 or 2001:db8::9/64, got \`${text}\`. \`ip address\` on the client shows both.`);
  const parsed = parseAddress(address, option);
  const bits = parsed.bytes.length * 8;
  const prefixLength = Number(length);
  if (!/^\d{1,3}$/.test(length) || prefixLength < 1 || prefixLength > bits) throw new LabError('BAD_INPUT', `Expected the prefix length of \`${option}\` to be a whole number from 1 to ${bits} for IPv${parsed.family}, got \`${length}\` in \`${text}\`.`);
  // RFC 3021: in a prefix of 31 bits both addresses belong to hosts.
  if (parsed.family === 4 && prefixLength < 31) {
    const kind = { [ipaddr.IPv4.networkAddressFromCIDR(text).toString()]: 'network', [ipaddr.IPv4.broadcastAddressFromCIDR(text).toString()]: 'broadcast' }[address];
    if (kind) throw new LabError('BAD_INPUT', `Expected \`${option}\` to be the address of a host, got \`${text}\`, the ${kind} address of its prefix. Give the client's own address, as \`ip address\` shows it.`);
  }
  return { ...parsed, prefixLength };
}

/** How many of the first bits of two addresses are equal. 0 for addresses of two families. */
export function commonBits(one: Address, other: Address): number {
  if (one.family !== other.family) return 0;
  const differs = one.bytes.findIndex((byte, index) => byte !== other.bytes[index]);
  return differs === -1 ? one.bytes.length * 8 : differs * 8 + Math.clz32((one.bytes[differs] ?? 0) ^ (other.bytes[differs] ?? 0)) - 24;
}

/** Whether the first `length` bits of two addresses are equal. */
export function samePrefix(one: Address, other: Address, length: number): boolean {
  return one.family === other.family && commonBits(one, other) >= length;
}
