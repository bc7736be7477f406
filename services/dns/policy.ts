/** The commands that change the answer policy while the server runs; each change is an event. */
import { isIP } from 'node:net';
import { emit, type Command } from '../../lab/vocabulary/control.ts';
import { flag, listOf, oneOf, orNull, readValue, text, textThat, wholeNumber } from '../../lab/vocabulary/values.ts';
import { chainText, filterNames, type ChainLink } from './filters.ts';
import { tcpModes, type TcpMode } from './listen.ts';
import { rcodeNames } from '../../lab/vocabulary/rcodes.ts';
import { parseRule, ruleText, truncationKind, type Effect } from './rules.ts';
import { addressKinds, addressTypes, anyAddress, serviceText, type AddressType } from './records.ts';
import type { Zone } from './zone.ts';

/** The policy as a whole, for `lab dns` without arguments. */
export interface Policy {
  aaaa: boolean;
  ttlS: number;
  aa: boolean;
  ra: boolean;
  soa: boolean;
  chains: Record<AddressType, string>;
  /** The rules for some of the queries, in words. */
  rules: { id: string; text: string }[];
  /** Set in the answer to a command that has changed no answer of the server: why not. */
  remark?: string;
}

const filterKind = oneOf(filterNames);
const typeKind = oneOf(addressTypes);
/** The types whose answers `impair` changes. */
export const impairedKind = oneOf([...addressTypes, 'HTTPS']);
export const selectKind = wholeNumber(0, 1000);
export const ttlKind = wholeNumber(0, 2 ** 31 - 1);
export const delayKind = wholeNumber(0, 600_000);
export const protocolsKind = listOf(textThat('the name of a protocol in ALPN, such as h2', (word) => /^[\w./-]{1,255}$/.test(word)));
export const recordActions = ['add', 'remove', 'up', 'down'] as const;

/** One command for each switch. Each command answers with the policy that is now in force. */
export function policyCommands(zone: Zone, setTcp: (mode: TcpMode) => Promise<void> = () => Promise.resolve()) {
  const policy = (): Policy => ({
    aaaa: zone.aaaa,
    ttlS: zone.ttlS,
    aa: zone.aa,
    ra: zone.ra,
    soa: zone.soa,
    chains: { A: chainText(zone.chains.A), AAAA: chainText(zone.chains.AAAA) },
    rules: zone.rules.all.map((rule) => ({ id: rule.id, text: ruleText(rule) })),
  });
  const changed = (change: string, remark?: string): Policy => {
    emit('dns:policy', { change: remark === undefined ? change : `${change}: ${remark}`, chains: [`A ${chainText(zone.chains.A)}`, `AAAA ${chainText(zone.chains.AAAA)}`] });
    return { ...policy(), ...(remark === undefined ? {} : { remark }) };
  };
  return {
    policy,
    aaaa: ({ on }) => {
      zone.aaaa = readValue(flag, on, 'on');
      return changed(`AAAA ${onOff(zone.aaaa)}`);
    },
    aa: ({ on }) => {
      zone.aa = readValue(flag, on, 'on');
      return changed(`flag AA ${onOff(zone.aa)}`);
    },
    ra: ({ on }) => {
      zone.ra = readValue(flag, on, 'on');
      return changed(`flag RA ${onOff(zone.ra)}`);
    },
    soa: ({ on }) => {
      zone.soa = readValue(flag, on, 'on');
      return changed(`SOA in answers without a record ${onOff(zone.soa)}`);
    },
    ttl: ({ seconds }) => {
      zone.ttlS = readValue(ttlKind, seconds, 'seconds');
      return changed(`TTL ${zone.ttlS} s`);
    },
    filter: ({ filter, on, n, type }) => {
      const name = readValue(filterKind, filter, 'filter');
      const types = readTypes(type);
      const acts = readValue(flag, on, 'on');
      zone.switchFilter(types, name, acts, n === undefined ? undefined : readValue(selectKind, n, 'n'));
      return changed(`${name} ${onOff(acts)}: ${types.map((each) => `${each} ${chainText(zone.chains[each])}`).join(', ')}`);
    },
    chain: ({ links, type }) => {
      const types = readTypes(type);
      for (const each of types) zone.chains[each] = parseChain(links);
      return changed(types.map((each) => `${each} ${chainText(zone.chains[each])}`).join(', '));
    },
    record: ({ action, name, type, address }) => {
      const verb = readValue(oneOf(recordActions), action, 'action');
      const recordType = readValue(typeKind, type, 'type');
      const record = [readValue(text, name, 'name'), recordType, readValue(addressKinds[recordType], address, 'address')] as const;
      if (verb === 'add') zone.add(...record);
      else if (verb === 'remove') zone.remove(...record);
      else zone.mark(...record, verb === 'up');
      const chain = zone.chains[recordType];
      const isRead = verb === 'add' || verb === 'remove' || chain.some(({ filter, on }) => filter === 'up' && on);
      return changed(`record ${record.join(' ')} ${verb}`, isRead ? undefined : `no answer changes, because the ${recordType} chain (${chainText(chain)}) has no filter \`up\` that is on`);
    },
    announce: ({ alpn }) => {
      const protocols = readValue(protocolsKind, alpn, 'alpn');
      // Without one, the record would have a parameter that must not be empty (RFC 9460 section 7.1.1).
      if (protocols.length === 0) throw new Error('Expected `alpn` to have one protocol or more, got none.');
      zone.announce(protocols);
      return changed(`HTTPS records: ${zone.services.map(serviceText).join(', ')}`, zone.services.length > 0 ? undefined : 'no answer changes, because the zone has none; they are there with scheme=https');
    },
    readdress: ({ from, to }) => {
      const addresses = [readValue(anyAddress, from, 'from'), readValue(anyAddress, to, 'to')] as const;
      if (isIP(addresses[0]) !== isIP(addresses[1])) throw new Error(`Expected two addresses of one family, got ${addresses.join(' and ')}.`);
      return changed(`address ${addresses.join(' becomes ')} in ${zone.readdress(...addresses)} records`);
    },
    rule: (args) => {
      const rule = parseRule(args);
      return changed(`${rule.id}: ${ruleText(zone.rules.set(rule))}`);
    },
    unrule: ({ id }) => {
      const rule = readValue(text, id, 'id');
      zone.rules.remove(rule);
      return changed(`${rule}: removed`);
    },
    tcp: async ({ mode }) => {
      const word = readValue(oneOf(tcpModes), mode, 'mode');
      await setTcp(word);
      return changed(`DNS over TCP: ${word}`);
    },
    // Each type has one such rule. A second command changes that rule, it does not add another.
    impair: ({ type, delayMs, drop, rcode, truncate }) => {
      const types = type === undefined ? addressTypes : [readValue(impairedKind, type, 'type')];
      const change: Partial<Effect> = {
        ...(delayMs === undefined ? {} : { delayMs: readValue(delayKind, delayMs, 'delayMs') }),
        ...(drop === undefined ? {} : { drop: readValue(flag, drop, 'drop') }),
        ...(rcode === undefined ? {} : { rcode: readValue(orNull(oneOf(rcodeNames)), rcode, 'rcode') }),
        ...(truncate === undefined ? {} : { truncate: readValue(orNull(truncationKind), truncate, 'truncate') }),
      };
      for (const each of types) {
        const id = `impair ${each}`;
        const effect = { ...zone.rules.get(id)?.effect, ...change };
        if (effect.delayMs || effect.drop || effect.rcode || typeof effect.truncate === 'number') zone.rules.set({ id, match: { type: each }, effect });
        else zone.rules.remove(id);
      }
      return changed(`${types.join(' and ')} queries: ${JSON.stringify(change)}`);
    },
  } satisfies Record<string, Command>;
}

/** `['shuffle', 'selectFirst 2']`: the chain has the order of the list. */
function parseChain(links: unknown): ChainLink[] {
  return readValue(listOf(text), links, 'links').map((link) => {
    const [name = '', n] = link.split(' ');
    const filter = readValue(filterKind, name, 'filter');
    // Without its number, selectFirst would select no record, and every answer would be empty.
    return { filter, on: true, n: filter === 'selectFirst' ? readValue(selectKind, n, 'n') : 0 };
  });
}

function readTypes(type: unknown): readonly AddressType[] {
  return type === undefined ? addressTypes : [readValue(typeKind, type, 'type')];
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
