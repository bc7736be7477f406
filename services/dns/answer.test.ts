import { describe, expect, test } from 'vitest';
import { encodeResponse, parseQuery, resolve } from './answer.ts';
import { addressesOf, encodeName, header, query, readResponse, typeNumbers, words, type QuerySpec, type ReadResponse } from './ask-server.ts';
import { noEffect, type Effect } from './rules.ts';
import { Zone } from './zone.ts';

/** Returns a zone in which many.lab.test has `many` A records. */
function zoneOf(many = 3): Zone {
  const zone = new Zone({
    domain: 'lab.test',
    seed: '1',
    records: [
      ...Array.from({ length: many }, (_, index) => ({ name: 'many.lab.test', type: 'A' as const, address: `198.51.100.${index + 1}` })),
      { name: 'many.lab.test', type: 'AAAA', address: '2001:db8:1::11' },
    ],
  });
  zone.aaaa = true;
  zone.chains.A = [];
  zone.ttlS = 30;
  return zone;
}

function ask(spec: QuerySpec, transport: 'udp' | 'tcp' = 'udp', zone = zoneOf(), effect: Partial<Effect> = {}): ReadResponse & { truncated: boolean; told: string[] } {
  const parsed = parseQuery(query(spec));
  const { bytes, truncated, addresses } = encodeResponse(parsed, resolve(parsed, zone, '', { ...noEffect, ...effect }), zone, transport);
  return { ...readResponse(bytes), truncated, told: addresses };
}

describe('a valid query', () => {
  test('gets an authoritative answer with the records', () => {
    const answer = ask({ id: 65_535, name: 'many.lab.test' });
    expect(answer).toMatchObject({ id: 65_535, aa: true, tc: false, rd: true, ra: true, rcode: 0, authorities: [], additionals: [] });
    expect(addressesOf(answer)).toEqual(['198.51.100.1', '198.51.100.2', '198.51.100.3']);
    expect(answer.answers.map(({ type, classNumber, ttl }) => [type, classNumber, ttl])).toEqual([[1, 1, 30], [1, 1, 30], [1, 1, 30]]);
    expect(addressesOf(ask({ name: 'many.lab.test', type: 'AAAA' }))).toEqual(['2001:db8:1:0:0:0:0:11']);
  });

  test('the response repeats the case of the name, in question and answer (0x20)', () => {
    const answer = ask({ name: 'mAnY.LaB.tESt' });
    expect(answer.name).toBe('mAnY.LaB.tESt');
    expect(answer.answers.map(({ name }) => name)).toEqual(['mAnY.LaB.tESt', 'mAnY.LaB.tESt', 'mAnY.LaB.tESt']);
  });

  test.each([
    ['NODATA', { name: 'many.lab.test', type: 'TXT' }, 0, true, 'lab.test'],
    ['NODATA for a type that has no name in the lab', { name: 'many.lab.test', type: 'HTTPS' }, 0, true, 'lab.test'],
    ['NXDOMAIN', { name: 'nobody.lab.test' }, 3, true, 'lab.test'],
    ['NXDOMAIN outside the zone, as a resolver answers: from the root, and without AA', { name: 'example.test' }, 3, false, ''],
    ['NODATA outside the zone: `test` has a name below it', { name: 'test' }, 0, false, ''],
    ['REFUSED for another class', { name: 'many.lab.test', classNumber: 3 }, 5, false, null],
    ['NOTIMP for another opcode', { name: 'many.lab.test', opcode: 5 }, 4, false, null],
  ] satisfies [string, QuerySpec, number, boolean, string | null][])('%s', (_, spec, rcode, aa, zoneName) => {
    const answer = ask(spec);
    expect(answer).toMatchObject({ rcode, aa, ra: true, answers: [] });
    // The SOA says how long a resolver may cache the negative answer (RFC 2308).
    expect(answer.authorities.map(({ name, type, ttl }) => [name, type, ttl])).toEqual(zoneName === null ? [] : [[zoneName, typeNumbers.SOA, 30]]);
    const zone = zoneOf();
    zone.soa = false;
    expect(ask(spec, 'udp', zone)).toMatchObject({ rcode, aa, authorities: [] });
  });

  test('the root has a SOA, as the real one has', () => {
    const { aa, answers: [soa] } = ask({ name: '', type: 'SOA' });
    expect([aa, soa?.name, soa?.type, soa?.data.includes(encodeName('a.root-servers.net').subarray(0, 15))]).toEqual([false, '', typeNumbers.SOA, true]);
  });

  test('a record outside the zone is answered without AA', () => {
    const zone = zoneOf();
    zone.add('api.example.com', 'A', '198.51.100.11');
    const answer = ask({ name: 'API.example.com' }, 'udp', zone);
    expect(answer).toMatchObject({ rcode: 0, aa: false, ra: true });
    expect(addressesOf(answer)).toEqual(['198.51.100.11']);
  });
});

describe('the flags AA and RA', () => {
  test.each([[true, true], [true, false], [false, true], [false, false]])('the switches: AA %s, RA %s', (aa, ra) => {
    const zone = zoneOf();
    Object.assign(zone, { aa, ra });
    expect(ask({ name: 'many.lab.test' }, 'udp', zone)).toMatchObject({ aa, ra });
    expect(ask({ name: 'example.test' }, 'udp', zone)).toMatchObject({ aa: false, ra });
  });

  test('a rule goes before the switches; an error never has AA', () => {
    expect(ask({ name: 'many.lab.test' }, 'udp', zoneOf(), { aa: false, ra: false })).toMatchObject({ rcode: 0, aa: false, ra: false });
    expect(ask({ name: 'example.test' }, 'udp', zoneOf(), { aa: true })).toMatchObject({ rcode: 3, aa: true, ra: true });
    expect(ask({ name: 'many.lab.test' }, 'udp', zoneOf(), { aa: true, rcode: 'SERVFAIL' })).toMatchObject({ rcode: 2, aa: false, ra: true });
  });
});

describe('EDNS', () => {
  test('the response has an EDNS record only if the query has one', () => {
    const { additionals } = ask({ name: 'many.lab.test', edns: { payloadBytes: 4096 } });
    expect(additionals).toMatchObject([{ name: '', type: typeNumbers.OPT, classNumber: 1232, ttl: 0 }]);
    expect(ask({ name: 'many.lab.test' }).additionals).toEqual([]);
  });

  test('a later version gets BADVERS: 0 in the header, 1 in the upper bits (RFC 6891 section 9)', () => {
    const answer = ask({ name: 'many.lab.test', edns: { payloadBytes: 1232, version: 1 } });
    expect(answer).toMatchObject({ rcode: 0, answers: [] });
    expect(answer.additionals.map(({ ttl }) => [ttl >>> 24, (ttl >>> 16) & 0xff])).toEqual([[1, 0]]);
  });
});

describe('truncation', () => {
  // Bytes: 12 for the header, 19 for the question, 16 for each answer with a compressed name, 11 for EDNS.
  const question = 12 + encodeName('many.lab.test').length + 4;
  const fits = (limitBytes: number, ednsBytes: number): number => Math.floor((limitBytes - question - ednsBytes) / 16);

  test.each([
    ['512 without EDNS', undefined, 512, 0],
    ["the client's size with EDNS", { payloadBytes: 800 }, 800, 11],
    ["the server's size if the client's size is larger", { payloadBytes: 4096 }, 1232, 11],
    ['never less than 512', { payloadBytes: 100 }, 512, 11],
  ])('%s', (_, edns, limitBytes, ednsBytes) => {
    const most = fits(limitBytes, ednsBytes);
    const spec = { name: 'many.lab.test', ...(edns ? { edns } : {}) };
    const whole = ask(spec, 'udp', zoneOf(most));
    expect(whole).toMatchObject({ tc: false, truncated: false });
    expect(whole.answers).toHaveLength(most);
    expect(whole.bytes.length).toBeGreaterThan(limitBytes - 16);
    const cut = ask(spec, 'udp', zoneOf(most + 1));
    expect(cut).toMatchObject({ tc: true, truncated: true, answers: [], authorities: [], name: 'many.lab.test' });
    expect(cut.additionals).toHaveLength(edns ? 1 : 0);
    expect(ask(spec, 'tcp', zoneOf(most + 1))).toMatchObject({ tc: false, truncated: false });
  });
});

describe('truncation by a rule', () => {
  test.each([[0, 0], [1, 1], [3, 3], [9, 3]])('with %i records: %i of three are there, and over TCP all of them', (truncate, count) => {
    const cut = ask({ name: 'many.lab.test' }, 'udp', zoneOf(), { truncate });
    expect(cut).toMatchObject({ tc: true, truncated: true, authorities: [] });
    const first = ['198.51.100.1', '198.51.100.2', '198.51.100.3'].slice(0, count);
    expect([addressesOf(cut), cut.told]).toEqual([first, first]);
    const whole = ask({ name: 'many.lab.test' }, 'tcp', zoneOf(), { truncate });
    expect([whole.tc, whole.told.length]).toEqual([false, 3]);
  });

  test('more records than fit: as many as fit', () => {
    const cut = ask({ name: 'many.lab.test' }, 'udp', zoneOf(100), { truncate: 50 });
    expect(cut.tc).toBe(true);
    expect(cut.answers).toHaveLength(Math.floor((512 - 12 - encodeName('many.lab.test').length - 4) / 16));
  });
});

/** Returns a query whose question has the raw bytes `name` as its name. */
const rawName = (...name: number[]): Buffer => Buffer.concat([header(1, 0, [1, 0, 0, 0]), Buffer.from(name), words(1, 1)]);

describe('a message that is not a query', () => {
  const valid = query({ name: 'many.lab.test', edns: { payloadBytes: 1232 } });
  test.each([
    ['nothing', Buffer.alloc(0), '0 bytes are too short for a DNS header'],
    ['half a header', Buffer.alloc(11), '11 bytes are too short for a DNS header'],
    ['a response', header(1, 0x8000, [0, 0, 0, 0]), 'a response, not a query'],
    ['no question', header(1, 0, [0, 0, 0, 0]), 'expected 1 question, got 0'],
    ['two questions', Buffer.concat([header(1, 0, [2, 0, 0, 0]), encodeName('a.lab.test'), words(1, 1), encodeName('b.lab.test'), words(1, 1)]), 'expected 1 question, got 2'],
    ['absurd counts', Buffer.concat([header(1, 0, [1, 65_535, 65_535, 65_535]), encodeName('a.lab.test'), words(1, 1)]), 'the answer section of a DNS message, which has 65535 entries: entry 1 has a name that goes beyond the end'],
    ['a name that points at itself', rawName(0xc0, 12), 'a name that points at byte 12, where no earlier name is'],
    ['names that point at each other', rawName(0xc0, 14, 0xc0, 12), 'a name that points at byte 14'],
    ['a pointer past the end', rawName(0xc0, 0xff), 'a name that points at byte 255'],
    ['a pointer into the header', rawName(0xc0, 2), 'a name that points at byte 2'],
    ['a label past the end', rawName(60, 97, 98), 'a name that goes beyond the end'],
    ['a reserved label type', rawName(0x40, 1, 0), 'a label of the reserved type 1'],
    ['a name of more than 255 bytes', rawName(...Array.from({ length: 5 }, () => [63, ...new Array<number>(63).fill(97)]).flat(), 0), 'a name of more than 255 bytes'],
    ['a dot inside a label', rawName(3, 97, 0x2e, 98, 0), 'a dot inside a label'],
    ['a broken EDNS record', valid.subarray(0, -3), 'the additional section of a DNS message, which has 1 entry: entry 1 has 1 of 2 bytes'],
    ['two EDNS records (RFC 6891 section 6.1.1)', Buffer.concat([header(1, 0, [1, 0, 0, 2]), valid.subarray(12), valid.subarray(-11)]), 'more than one EDNS record'],
  ])('%s is refused with a reason', (_, bytes, reason) => {
    expect(() => parseQuery(bytes)).toThrow(reason);
  });
});
