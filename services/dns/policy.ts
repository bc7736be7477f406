/** The commands that change the answer policy while the server runs; each change is an event. */
import { isIP } from 'node:net';
import { emit, type Command } from '../../lab/vocabulary/control.ts';
import { expectFlag, expectInteger, expectOneOf, expectText } from '../expect.ts';
import { chainText, filterNames, type ChainLink, type FilterName } from './filters.ts';
import { tcpModes, type TcpMode } from './listen.ts';
import { rcodeNames } from '../../lab/vocabulary/rcodes.ts';
import { parseRule, ruleText, type Effect } from './rules.ts';
import { addressTypes, isAddressType, type AddressType, type Zone } from './zone.ts';

/** The policy as a whole, for `lab dns` without arguments. */
export interface Policy {
  aaaa: boolean;
  ttlS: number;
  chains: Record<AddressType, string>;
  /** What happens to some queries and not to others, in words. */
  rules: { id: string; text: string }[];
}

/** One command a switch; all answer with the policy that is now in force. */
export function policyCommands(zone: Zone, setTcp: (mode: TcpMode) => Promise<void> = () => Promise.resolve()): Record<string, Command> {
  const policy = (): Policy => ({
    aaaa: zone.aaaa,
    ttlS: zone.ttlS,
    chains: { A: chainText(zone.chains.A), AAAA: chainText(zone.chains.AAAA) },
    rules: zone.rules.all.map((rule) => ({ id: rule.id, text: ruleText(rule) })),
  });
  const changed = (change: string): Policy => {
    emit('dns:policy', { change });
    return policy();
  };
  return {
    policy,
    aaaa: ({ on }) => {
      zone.aaaa = expectFlag(on);
      return changed(`AAAA ${onOff(zone.aaaa)}`);
    },
    ttl: ({ seconds }) => {
      zone.ttlS = expectInteger('seconds', seconds, 2 ** 31 - 1);
      return changed(`TTL ${zone.ttlS} s`);
    },
    filter: ({ filter, on, n, type }) => {
      const name = expectOneOf('filter', filter, filterNames) as FilterName;
      const types = expectTypes(type);
      zone.switchFilter(types, name, expectFlag(on), n === undefined ? undefined : expectInteger('n', n, 1000));
      return changed(`${name} ${onOff(expectFlag(on))}: ${types.map((each) => `${each} ${chainText(zone.chains[each])}`).join(', ')}`);
    },
    chain: ({ links, type }) => {
      const types = expectTypes(type);
      for (const each of types) zone.chains[each] = parseChain(links);
      return changed(types.map((each) => `${each} ${chainText(zone.chains[each])}`).join(', '));
    },
    record: ({ action, name, type, address }) => {
      const verb = expectOneOf('action', action, ['add', 'remove', 'up', 'down']);
      const recordType = expectOneOf('type', type, addressTypes) as AddressType;
      const record = [expectText('name', name), recordType, expectAddress(recordType, address)] as const;
      if (verb === 'add') zone.add(...record);
      else if (verb === 'remove') zone.remove(...record);
      else zone.mark(...record, verb === 'up');
      return changed(`record ${record.join(' ')} ${verb}`);
    },
    rule: (args) => {
      const rule = parseRule(args);
      return changed(`${rule.id}: ${ruleText(zone.rules.set(rule))}`);
    },
    unrule: ({ id }) => {
      zone.rules.remove(expectText('id', id));
      return changed(`${expectText('id', id)}: no more`);
    },
    tcp: async ({ mode }) => {
      const word = expectOneOf('mode', mode, tcpModes) as TcpMode;
      await setTcp(word);
      return changed(`DNS over TCP: ${word}`);
    },
    // One rule a type, which is changed and not added to.
    impair: ({ type, delayMs, drop, rcode }) => {
      const types = expectTypes(type);
      const change: Partial<Effect> = {
        ...(delayMs === undefined ? {} : { delayMs: expectInteger('delayMs', delayMs, 600_000) }),
        ...(drop === undefined ? {} : { drop: expectFlag(drop, 'drop') }),
        ...(rcode === undefined ? {} : { rcode: rcode === null ? null : expectOneOf('rcode', rcode, rcodeNames) }),
      };
      for (const each of types) {
        const id = `impair ${each}`;
        const effect = { ...zone.rules.get(id)?.effect, ...change };
        if (effect.delayMs || effect.drop || effect.rcode) zone.rules.set({ id, match: { type: each }, effect });
        else zone.rules.remove(id);
      }
      return changed(`${types.join(' and ')} queries: ${JSON.stringify(change)}`);
    },
  };
}

/** `['shuffle', 'selectFirst 2']`: the order is the chain's. */
function parseChain(links: unknown): ChainLink[] {
  if (!Array.isArray(links)) throw new Error(`Expected \`links\` to be a list of filters, got ${JSON.stringify(links)}.`);
  return links.map((link: unknown) => {
    const [name = '', n] = String(link).split(' ');
    const filter = expectOneOf('filter', name, filterNames) as FilterName;
    // Without its number, selectFirst would select none, and every answer be empty.
    return { filter, on: true, n: filter === 'selectFirst' ? expectInteger('n', n !== undefined && /^\d+$/.test(n) ? Number(n) : n, 1000) : 0 };
  });
}

function expectTypes(type: unknown): readonly AddressType[] {
  if (type === undefined) return addressTypes;
  if (typeof type === 'string' && isAddressType(type)) return [type];
  throw new Error(`Expected \`type\` to be one of ${addressTypes.join(', ')}, got ${JSON.stringify(type)}.`);
}

/** What is no address of the record's family would leave the server as a broken record. */
function expectAddress(type: AddressType, value: unknown): string {
  const text = expectText('address', value);
  const version = type === 'A' ? 4 : 6;
  // A zone index (fe80::1%eth0) is a host's own matter and has no place in a record.
  if (isIP(text) !== version || text.includes('%')) throw new Error(`Expected \`address\` to be an IPv${version} address, got ${JSON.stringify(value)}.`);
  return text;
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
