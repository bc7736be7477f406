/** Tables from prefixes to numbers: the labels and the precedences of RFC 6724 section 2.1, and what the resolvers made of them. */
import { readFileSync } from 'node:fs';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { anyAddress, mapped, samePrefix, type Address } from './address.ts';

export interface PrefixEntry {
  /** An IPv6 prefix. `::ffff:0:0/96` stands for all IPv4 addresses. */
  prefix: Address;
  length: number;
  value: number;
}
export type PrefixTable = readonly PrefixEntry[];

/** What a resolver knows of an address: its label, its precedence, its scope. */
export interface AddressTables {
  labels: PrefixTable;
  precedences: PrefixTable;
  /** The scopes of IPv4 addresses (RFC 6724 section 3.2). */
  scopesV4: PrefixTable;
}

const tableOf = (entries: Record<string, number>): PrefixTable => Object.entries(entries).map(([prefix, value]) => entryOf(prefix, value));

/** @throws {RangeError} for a text that is no prefix. A prefix of IPv4 becomes the IPv6 prefix that stands for it. */
function entryOf(prefix: string, value: number): PrefixEntry {
  const [text = '', word] = prefix.split('/');
  const address = anyAddress(text);
  if (address === undefined) throw new RangeError(prefix);
  const bits = address.bytes.length * 8;
  const length = word === undefined ? bits : Number(word);
  if (prefix.split('/').length > 2 || word === '' || !Number.isInteger(length) || length < 0 || length > bits) throw new RangeError(prefix);
  return { prefix: mapped(address), length: address.family === 4 ? length + 96 : length, value };
}

/** The value of the longest prefix that holds the address, or `otherwise`. */
export function valueOf(table: PrefixTable, address: Address, otherwise: number): number {
  const form = mapped(address);
  let best: PrefixEntry | undefined;
  for (const entry of table) if (samePrefix(entry.prefix, form, entry.length) && entry.length > (best?.length ?? -1)) best = entry;
  return best?.value ?? otherwise;
}

const scopesV4 = tableOf({ '::ffff:169.254.0.0/112': 2, '::ffff:127.0.0.0/104': 2, '::ffff:0.0.0.0/96': 14 });

/** RFC 6724 section 2.1. Go and c-ares have these tables. */
export const rfc6724Tables: AddressTables = {
  labels: tableOf({ '::1/128': 0, '::/0': 1, '::ffff:0:0/96': 4, '2002::/16': 2, '2001::/32': 5, 'fc00::/7': 13, '::/96': 3, 'fec0::/10': 11, '3ffe::/16': 12 }),
  precedences: tableOf({ '::1/128': 50, '::/0': 40, '::ffff:0:0/96': 35, '2002::/16': 30, '2001::/32': 5, 'fc00::/7': 3, '::/96': 1, 'fec0::/10': 1, '3ffe::/16': 1 }),
  scopesV4,
};

/** musl, src/network/lookup_name.c: RFC 6724 without the deprecated prefixes. Each IPv4 address has the global scope, loopback too. */
export const muslTables: AddressTables = {
  labels: tableOf({ '::1/128': 0, '::ffff:0:0/96': 4, '2002::/16': 2, '2001::/32': 5, 'fc00::/7': 13, '::/0': 1 }),
  precedences: tableOf({ '::1/128': 50, '::ffff:0:0/96': 35, '2002::/16': 30, '2001::/32': 5, 'fc00::/7': 3, '::/0': 40 }),
  scopesV4: tableOf({ '::ffff:0:0/96': 14 }),
};

/** glibc, sysdeps/posix/getaddrinfo.c: still the precedences of RFC 3484, so a ULA comes before IPv4. gai.conf(5) documents them. */
export const glibcTables: AddressTables = {
  labels: tableOf({ '::1/128': 0, '::/0': 1, '2002::/16': 2, '::/96': 3, '::ffff:0:0/96': 4, 'fec0::/10': 5, 'fc00::/7': 6, '2001::/32': 7 }),
  precedences: tableOf({ '::1/128': 50, '::/0': 40, '2002::/16': 30, '::/96': 20, '::ffff:0:0/96': 10 }),
  scopesV4,
};

/** The labels that the Linux kernel uses when it chooses an IPv6 source address (net/ipv6/addrlabel.c). */
export const kernelLabels = tableOf({ '::1/128': 0, '::/0': 1, '2002::/16': 2, '::/96': 3, '::ffff:0:0/96': 4, 'fc00::/7': 5, '2001::/32': 6, '2001:10::/28': 7, 'fec0::/10': 11, '3ffe::/16': 12 });

/**
 * Returns glibc's tables with the lines of a gai.conf(5). One line of a kind replaces the whole default table of that kind; what no line
 * covers then has the value of `::/0`: label 1, precedence 40, scope 14.
 * @throws {LabError} BAD_INPUT for a file that cannot be read, and for a line that glibc would ignore.
 */
export function readGaiConf(file: string): AddressTables {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LabError('BAD_INPUT', `Expected \`--gai-conf\` to be a file that can be read, got \`${file}\`: ${messageOf(error)}`, { cause: error });
  }
  const given: Record<'label' | 'precedence' | 'scopev4', PrefixEntry[]> = { label: [], precedence: [], scopev4: [] };
  for (const [index, line] of text.split('\n').entries()) {
    const [word = '', prefix = '', value = '', ...rest] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (word === '' || word === 'reload') continue;
    if (!Object.hasOwn(given, word) || !/^\d+$/.test(value) || rest.length > 0) {
      throw new LabError('BAD_INPUT', `Expected each line of \`${file}\` to be \`label\`, \`precedence\` or \`scopev4\`, a prefix and a number (gai.conf(5)), got \`${line.trim()}\` in line ${index + 1}.`);
    }
    given[word as keyof typeof given].push(gaiEntry(word, prefix, Number(value), `${file}, line ${index + 1}`));
  }
  // A line that covers everything has precedence over these, because it comes first.
  const withDefault = (entries: PrefixEntry[], value: number, otherwise: PrefixTable): PrefixTable => (entries.length === 0 ? otherwise : [...entries, entryOf('::/0', value)]);
  return {
    labels: withDefault(given.label, 1, glibcTables.labels),
    precedences: withDefault(given.precedence, 40, glibcTables.precedences),
    scopesV4: withDefault(given.scopev4, 14, scopesV4),
  };
}

/** Only scopev4 takes an IPv4 prefix: 10.0.0.0/8 is ::ffff:10.0.0.0/104. */
function gaiEntry(word: string, prefix: string, value: number, where: string): PrefixEntry {
  try {
    if (word !== 'scopev4' && !prefix.includes(':')) throw new RangeError(prefix);
    return entryOf(prefix, value);
  } catch {
    throw new LabError('BAD_INPUT', `Expected the prefix in ${where} to be an IPv6 prefix${word === 'scopev4' ? ' or an IPv4 prefix' : ''}, got \`${prefix}\`.`);
  }
}
