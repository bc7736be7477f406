import { beforeEach, describe, expect, test } from 'vitest';
import type { AddressType } from './records.ts';
import { Zone } from './zone.ts';

const records = [11, 12, 13].flatMap((last) => [
  { name: 'web.lab.test', type: 'A' as const, address: `198.51.100.${last}` },
  { name: 'web.lab.test', type: 'AAAA' as const, address: `2001:db8:1::${last}` },
]);
const makeZone = (seed = '1'): Zone => new Zone({ domain: 'lab.test', seed, records: [...records, { name: 'a.deep.lab.test', type: 'A', address: '198.51.100.99' }] });

let zone: Zone;
beforeEach(() => {
  zone = makeZone();
});

const addresses = (from: Zone, type: AddressType, name = 'web.lab.test'): string[] => {
  const answer = from.answer(name, type);
  return answer.rcode === 'NOERROR' ? answer.records.map((record) => (record.type === 'HTTPS' ? record.target : record.address)) : [answer.rcode];
};

describe('whether a name and a type exist', () => {
  const cases = [
    ['a name outside the domain', 'web.example.test', 'A', 'NXDOMAIN'],
    ['a name whose last letters are the domain', 'web.notlab.test', 'A', 'NXDOMAIN'],
    ['the parent of the domain', 'test', 'A', 'NOERROR'],
    ['the root', '', 'A', 'NOERROR'],
    ['a name without records', 'nobody.lab.test', 'A', 'NXDOMAIN'],
    ['a name below a name with records', 'x.web.lab.test', 'A', 'NXDOMAIN'],
    ['a type that the name does not have', 'web.lab.test', 'TXT', 'NOERROR'],
    ['AAAA while AAAA is off', 'web.lab.test', 'AAAA', 'NOERROR'],
    ['the apex', 'lab.test', 'A', 'NOERROR'],
    ['an empty non-terminal (RFC 8020)', 'deep.lab.test', 'A', 'NOERROR'],
  ] as const;

  test.each(cases)('%s', (_, name, type, rcode) => {
    const answer = zone.answer(name, type);
    expect(answer.rcode).toBe(rcode);
    if (answer.rcode === 'NOERROR') expect(answer.records).toEqual([]);
  });

  test('upper and lower case are equal in names (RFC 4343)', () => {
    zone.add('MiXed.lab.test', 'A', '198.51.100.1');
    expect(addresses(zone, 'A', 'mIxED.LAB.test')).toEqual(['198.51.100.1']);
  });

  test('a record may have any name', () => {
    zone.add('api.Example.com', 'A', '198.51.100.1');
    expect(addresses(zone, 'A', 'api.example.com')).toEqual(['198.51.100.1']);
    expect([zone.answer('example.com', 'A').rcode, zone.answer('other.example.com', 'A').rcode]).toEqual(['NOERROR', 'NXDOMAIN']);
  });

  test('AAAA records exist after they are switched on', () => {
    zone.aaaa = true;
    expect(addresses(zone, 'AAAA')).toHaveLength(2);
  });
});

describe('a change of the zone', () => {
  test('add, mark down, mark up, remove', () => {
    zone.add('new.lab.test', 'A', '198.51.100.1');
    expect(addresses(zone, 'A', 'new.lab.test')).toEqual(['198.51.100.1']);
    zone.mark('NEW.lab.test', 'A', '198.51.100.1', false);
    expect(addresses(zone, 'A', 'new.lab.test')).toEqual([]);
    zone.mark('new.lab.test', 'A', '198.51.100.1', true);
    expect(addresses(zone, 'A', 'new.lab.test')).toEqual(['198.51.100.1']);
    zone.remove('new.lab.test', 'A', '198.51.100.1');
    expect(addresses(zone, 'A', 'new.lab.test')).toEqual(['NXDOMAIN']);
  });

  test('readdress: every record of the address gets the new one, and keeps its place in the draws', () => {
    const before = Array.from({ length: 12 }, () => addresses(makeZone('7'), 'A'));
    zone = makeZone('7');
    zone.add('backend-2.lab.test', 'A', '198.51.100.12');
    expect(zone.readdress('198.51.100.12', '198.51.100.22')).toBe(2);
    expect(addresses(zone, 'A', 'backend-2.lab.test')).toEqual(['198.51.100.22']);
    const after = Array.from({ length: 12 }, () => addresses(zone, 'A'));
    expect(after[0]).toEqual(before[0]?.map((address) => address.replace('.12', '.22')));
    expect(after.flat()).toContain('198.51.100.22');
    expect(after.flat()).not.toContain('198.51.100.12');
    expect(zone.readdress('198.51.100.12', '198.51.100.22')).toBe(0);
  });

  test('that is not possible is refused with a message', () => {
    expect(() => { zone.add('WEB.lab.test', 'A', '198.51.100.11'); }).toThrow('Expected a new record, but WEB.lab.test A 198.51.100.11 exists already.');
    expect(() => { zone.remove('a.deep.lab.test', 'A', '198.51.100.1'); }).toThrow('No record a.deep.lab.test A 198.51.100.1. a.deep.lab.test has: A 198.51.100.99.');
    expect(() => { zone.mark('nobody.lab.test', 'A', '198.51.100.1', true); }).toThrow('nobody.lab.test has: none.');
    zone.chains.AAAA = [];
    expect(() => { zone.switchFilter(['A', 'AAAA'], 'shuffle', false); }).toThrow('The AAAA chain (none) has no filter shuffle.');
    expect(zone.chains.A.find(({ filter }) => filter === 'shuffle')?.on).toBe(true);
  });

  test('a filter is switched only in the given chain, and keeps its n if no new one is given', () => {
    zone.switchFilter(['A'], 'shuffle', false);
    zone.switchFilter(['A'], 'selectFirst', true, 1);
    zone.switchFilter(['A'], 'selectFirst', true);
    zone.aaaa = true;
    expect(addresses(zone, 'A')).toEqual(['198.51.100.11']);
    expect(addresses(zone, 'AAAA')).toHaveLength(2);
  });
});

describe('the seed', () => {
  const sequence = (from: Zone, type: AddressType): string => Array.from({ length: 30 }, () => addresses(from, type).join(' ')).join('\n');

  test('the same seed repeats every answer; another seed gives other answers', () => {
    expect(sequence(makeZone('7'), 'A')).toBe(sequence(makeZone('7'), 'A'));
    expect(sequence(makeZone('7'), 'A')).not.toBe(sequence(makeZone('8'), 'A'));
  });

  test('A and AAAA have separate random streams, in whatever order the queries arrive', () => {
    const alone = sequence(makeZone(), 'A');
    zone.aaaa = true;
    const mixed = Array.from({ length: 30 }, (_, round) => {
      if (round % 3 !== 1) addresses(zone, 'AAAA');
      return addresses(zone, 'A').join(' ');
    }).join('\n');
    expect(mixed).toBe(alone);
  });

  test('rotate counts each name and type separately', () => {
    zone.aaaa = true;
    zone.chains.A = zone.chains.AAAA = [{ filter: 'rotate', on: true, n: 0 }];
    addresses(zone, 'AAAA');
    addresses(zone, 'AAAA');
    expect([addresses(zone, 'A')[0], addresses(zone, 'AAAA')[0]]).toEqual(['198.51.100.11', '2001:db8:1::13']);
  });
});
