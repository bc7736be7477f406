import { describe, expect, test } from 'vitest';
import { seededRandom, shuffled } from '../../vocabulary/random.ts';
import { commonBits, parseAddress, parseHostAddress } from './address.ts';
import { explainSkew, listOf, type Explained, type SkewQuestion } from './explain-skew.ts';
import { policies, sentBy, sharesOf, placesOf, fractionText, numberOf, type Answer } from './shares.ts';
import { resolverNames, resolvers, type ResolverName } from './resolvers.ts';

interface Words extends Partial<Pick<SkewQuestion, 'returned' | 'policy'>> {
  client: string;
  answers: string;
}

const question = ({ client, answers, returned = null, policy = 'shuffle' }: Words): SkewQuestion => ({
  client: client.split(' ').filter((word) => word !== '').map((word) => parseHostAddress(word, '--client')),
  answers: answers.split(' ').filter((word) => word !== '').map((word) => parseAddress(word, '--answers')),
  returned,
  policy,
});

const explained = (words: Words): Map<ResolverName, Explained> => new Map(explainSkew(question(words)).map((each) => [each.name, each]));
const sharesFor = (words: Words, name: ResolverName): string[] => Object.values(explained(words).get(name)?.fractions ?? {});

/** Grab engineering, 2017: the client, the common prefix lengths with the four destinations, and the connections that were counted. */
const published = [
  ['172.18.1.9', [22, 22, 30, 26], [0, 0, 58, 0]],
  ['172.18.1.34', [22, 22, 26, 29], [0, 0, 9, 25]],
  ['172.18.2.137', [24, 25, 22, 22], [0, 100, 0, 0]],
  ['172.18.1.18', [22, 22, 27, 26], [0, 0, 59, 0]],
  ['172.18.1.96', [22, 22, 25, 25], [0, 0, 49, 5]],
  ['172.18.2.22', [26, 24, 22, 22], [100, 0, 0, 0]],
  ['172.18.2.66', [25, 24, 22, 22], [100, 0, 0, 0]],
  ['172.18.2.50', [27, 24, 22, 22], [100, 0, 0, 0]],
] as const;
const balancer = '172.18.2.38 172.18.2.209 172.18.1.10 172.18.1.37';

describe('the eight published rows', () => {
  test.each(published)('%s', (client, bits, counted) => {
    const destinations = balancer.split(' ');
    expect(destinations.map((each) => commonBits(parseAddress(client, ''), parseAddress(each, '')))).toEqual(bits);
    const best = destinations.filter((_, index) => bits[index] === Math.max(...bits));
    const rows = explained({ client: `${client}/16`, answers: balancer });
    for (const name of ['go-1.5', 'go-1.6', 'glibc'] as const) {
      const row = rows.get(name);
      expect({ name, shares: row?.shares, decidedBy: row?.decidedBy }).toEqual({
        name, decidedBy: `rule 9: ${Math.max(...bits)} bits shared`, shares: Object.fromEntries(destinations.map((each) => [each, best.includes(each) ? 1 / best.length : 0])),
      });
    }
    // The published counts: most connections went to the best class, and none to the far side of the segment.
    const most = counted.findIndex((count) => count === Math.max(...counted));
    expect(best).toContain(destinations[most]);
    expect(counted.filter((count, index) => count > 0 && bits[index] === 22)).toEqual([]);
    for (const name of ['go-1.8', 'musl', 'glibc-without-ipv6'] as const) expect({ name, shares: Object.values(rows.get(name)?.fractions ?? {}) }).toEqual({ name, shares: ['1/4', '1/4', '1/4', '1/4'] });
  });
});

/** facts.md of the project: three backends, and the first address is used. */
describe('skew arithmetic', () => {
  const strict = { client: '198.51.100.9/24 fe80::9/64', answers: '198.51.100.11 198.51.100.12 203.0.113.13' };
  const oneWinner = { client: '198.51.100.9/24 fe80::9/64', answers: '198.51.100.11 198.51.100.12 198.51.100.13' };
  test.each([
    ['strict ranking, 2 of 3 shuffled', strict, 'glibc', { returned: 2 }, ['2/3', '1/3', '0']],
    ['one winner and two tied, 2 of 3 shuffled', oneWinner, 'glibc', { returned: 2 }, ['2/3', '1/6', '1/6']],
    ['no sort, 2 of 3 shuffled', strict, 'musl', { returned: 2 }, ['1/3', '1/3', '1/3']],
    ['all 3 returned and sorted', strict, 'glibc', {}, ['1', '0', '0']],
    ['2 selected before the shuffle', { ...strict, answers: '198.51.100.11 198.51.100.12' }, 'musl', {}, ['1/2', '1/2']],
    ['the shuffle is off', strict, 'musl', { returned: 2, policy: 'fixed' }, ['1', '0', '0']],
    ['rotated, no sort', strict, 'musl', { returned: 2, policy: 'rotate' }, ['1/3', '1/3', '1/3']],
    ['rotated, strict ranking', strict, 'glibc', { returned: 2, policy: 'rotate' }, ['2/3', '1/3', '0']],
  ] as const)('%s', (_, words, name, how, shares) => { expect(sharesFor({ ...words, ...how }, name)).toEqual(shares); });
});

/** skew.md of the project: shares of the first address over 600 lookups with 2 of 3 shuffled, in points of 100. */
describe('the measured shares', () => {
  const even = [33, 33, 33];
  const v4 = '198.51.100.11 198.51.100.12 198.51.100.13';
  const far = '198.51.100.11 198.51.100.12 203.0.113.13';
  test.each([
    ["the client's own addresses, /24", '198.51.100.11/24 198.51.100.12/24 198.51.100.13/24 fe80::9/64', v4, { glibc: [67, 17, 17], musl: even, 'go-1.8': even }],
    ["the client's own addresses, /32", '198.51.100.11/32 198.51.100.12/32 198.51.100.13/32 fe80::9/64', v4, { glibc: even, musl: even, 'go-1.8': even }],
    ['one far backend, and a link-local IPv6 address', '198.51.100.9/24 fe80::9/64', far, { glibc: [67, 33, 0], musl: even, 'go-1.8': even, 'c-ares': even }],
    ['the same without any IPv6 address', '198.51.100.9/24', far, { 'glibc-without-ipv6': even }],
    ['AAAA published, and no route to it', '198.51.100.9/24 fe80::9/64', `${far} 2001:db8:1::11 2001:db8:1::12 2001:db8:1::13`, { glibc: [67, 33, 0, 0, 0, 0], musl: [67, 33, 0, 0, 0, 0] }],
    ["AAAA all in the client's /64", '2001:db8:1::9/64', '2001:db8:1::18 2001:db8:1::1a 2001:db8:1::1000', { glibc: [50, 50, 0], musl: [50, 50, 0], 'go-1.8': even }],
    ['AAAA in three prefixes', '2001:db8:1::9/64', '2001:db8:1::11 2001:db8:3::11 2001:db8:8::11', { glibc: [67, 33, 0], 'go-1.8': [67, 33, 0] }],
  ] as const)('%s', (_, client, answers, rows) => {
    const all = explained({ client, answers, returned: 2 });
    for (const [name, points] of Object.entries<readonly number[]>(rows)) {
      expect({ name, points: Object.values(all.get(name as ResolverName)?.shares ?? {}).map((share) => Math.round(share * 100)) }).toEqual({ name, points });
    }
  });
});

test('the JSON of the issue: name, basis, shares, decidedBy', () => {
  const rows = explainSkew(question({ client: '172.18.1.9/16', answers: balancer, returned: 2 }));
  expect(rows.map(({ name }) => name)).toEqual(resolverNames);
  expect(rows.find(({ name }) => name === 'glibc')).toMatchObject({
    basis: 'measured', decidedBy: 'rule 9: 30 bits shared', fractions: { '172.18.1.10': '1/2', '172.18.1.37': '1/3', '172.18.2.38': '1/12', '172.18.2.209': '1/12' },
    places: { '172.18.1.10': [1, 1], '172.18.1.37': [1, 2], '172.18.2.38': [1, 2], '172.18.2.209': [1, 2] },
  });
  for (const { shares } of rows) expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
});

describe('what decides', () => {
  test.each([
    ['IPv6 before IPv4', '198.51.100.9/24 2001:db8:1::9/64', '198.51.100.11 2001:db8:1::11', { glibc: 'rule 6: precedence 40', 'node-ipv4first': 'IPv4 first', java: 'IPv4 first', 'c-ares': 'IPv6 first' }],
    ['a ULA and IPv4: glibc has the old table', '198.51.100.9/24 fd00::9/64', '198.51.100.11 fd00::11', { glibc: 'rule 6: precedence 40', musl: 'rule 6: precedence 35', 'go-1.8': 'rule 6: precedence 35' }],
    ['a ULA and a global source address', '2001:db8:1::9/64', 'fd00::11 2001:db8:5::11', { 'go-1.8': 'rule 5: the label of the source address' }],
    ['a loopback destination', '198.51.100.9/24 fe80::9/64', '127.0.0.1 198.51.100.11', { 'go-1.8': 'rule 8: scope 2', musl: 'no sort: the order of DNS stays' }],
    ['another block', '10.0.0.9/8', '10.0.0.8 192.168.0.8', { 'go-1.5': 'rule 9: 31 bits shared', 'go-1.6': 'rule 9: 31 bits shared', 'go-1.8': 'rule 10: the order of DNS stays' }],
    ['one private block of several subnets', '10.0.0.9/24', '10.5.0.8 10.200.0.8', { 'go-1.6': 'rule 9: 13 bits shared', glibc: 'rule 10: the order of DNS stays' }],
    ['a public subnet', '198.51.100.9/24', '198.51.100.8 198.51.100.100', { 'go-1.5': 'rule 9: 31 bits shared', 'go-1.6': 'rule 10: the order of DNS stays', windows: 'rule 10: the order of DNS stays' }],
  ] as const)('%s', (_, client, answers, rows) => {
    const all = explained({ client, answers });
    for (const [name, decidedBy] of Object.entries(rows)) expect({ name, decidedBy: all.get(name as ResolverName)?.decidedBy }).toEqual({ name, decidedBy });
  });
});

test('systemd-resolved shuffles what DNS has sent in a fixed order, before glibc sorts it', () => {
  const fixed = { client: '198.51.100.200/24 fe80::9/64', answers: '198.51.100.11 198.51.100.12 198.51.100.13', returned: 2, policy: 'fixed' } as const;
  expect([sharesFor(fixed, 'glibc'), sharesFor(fixed, 'systemd-resolved')]).toEqual([['1', '0', '0'], ['1/2', '1/2', '0']]);
  expect(sharesFor({ ...fixed, client: '198.51.100.9/24 fe80::9/64' }, 'systemd-resolved')).toEqual(['1', '0', '0']);
});

/** Every list that DNS can send, by trying all orders. */
function everyList(answers: readonly Answer[]): number[][] {
  const orders = (list: readonly number[]): number[][] => (list.length === 0 ? [[]] : list.flatMap((first) => orders(list.filter((each) => each !== first)).map((rest) => [first, ...rest])));
  return answers.reduce<number[][]>((lists, { all, returned }) => lists.flatMap((list) => orders(all).map((order) => [...list, ...order.slice(0, returned)])), [[]]);
}

test('the shares and places of a shuffle are those of all orders, tried one by one', () => {
  const random = seededRandom('orders');
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let tried = 0; tried < 60; tried++) {
    const sizes = [1 + below(5), below(4)].filter((size) => size > 0);
    const answers = sizes.map((size, index): Answer => ({ all: Array.from({ length: size }, (_, at) => index * 10 + at), returned: 1 + below(size) }));
    // Classes of one family each, in any order.
    const classes = shuffled(answers.flatMap(({ all }) => all.reduce<number[][]>((groups, each) => (groups.length > 0 && below(2) === 0 ? [...groups.slice(0, -1), [...(groups.at(-1) ?? []), each]] : [...groups, [each]]), [])), random);
    const tried1 = { answers, lists: everyList(answers) };
    const formula = sentBy('shuffle', answers);
    const text = (sent: typeof tried1 | typeof formula): object => ({ shares: [...sharesOf(sent, classes)].map(([each, share]) => [each, fractionText(share)]), places: [...placesOf(sent, classes)] });
    expect(text(formula)).toEqual(text(tried1));
  }
});

test('twenty-four addresses: exact, and their shares are 1 together', () => {
  const answers = Array.from({ length: 24 }, (_, index) => `10.0.${index}.${index + 1}`).join(' ');
  for (const policy of policies) {
    for (const { name, shares } of explainSkew(question({ client: '10.0.7.9/16', answers, returned: 7, policy }))) {
      expect({ name, policy, sum: Object.values(shares).reduce((sum, share) => sum + share, 0).toFixed(9) }).toEqual({ name, policy, sum: '1.000000000' });
    }
  }
  const glibc = explained({ client: '10.0.7.9/16', answers, returned: 7 }).get('glibc');
  // 10.0.7.8 is in 7 of 24 answers, and first in each of them.
  expect(glibc?.fractions['10.0.7.8']).toBe('7/24');
});

test('the model of one list is the model of the shares', () => {
  const asked = question({ client: '172.18.1.9/16 fe80::9/64', answers: balancer });
  const random = seededRandom('lists');
  const sent = Array.from({ length: 200 }, () => shuffled(asked.answers, random).slice(0, 2));
  for (const { name, shares } of explainSkew({ ...asked, sent })) {
    if ('reshuffles' in resolvers[name]) continue;
    const first = sent.map((list) => listOf(name, list, asked.client)[0]?.text);
    for (const [address, share] of Object.entries(shares)) expect({ name, address, share }).toEqual({ name, address, share: first.filter((each) => each === address).length / 200 });
  }
  expect(numberOf({ numerator: 1n, denominator: 4n })).toBe(0.25);
});

describe('bad input', () => {
  const answers = '172.18.1.10 172.18.1.37';
  test.each([
    ['a prefix that is too long', { client: '172.18.1.9/33', answers }, 'Expected the prefix length of `--client` to be a whole number from 1 to 32 for IPv4, got `33` in `172.18.1.9/33`.'],
    ['a prefix of 0', { client: '172.18.1.9/0', answers }, 'from 1 to 32 for IPv4, got `0`'],
    ['no prefix', { client: '172.18.1.9', answers }, 'Expected `--client` to be an address and the length of its prefix, such as 172.18.1.9/16 or 2001:db8::9/64, got `172.18.1.9`.'],
    ['a netmask', { client: '172.18.1.9/255.255.0.0', answers }, 'got `255.255.0.0`'],
    ['a network', { client: '172.18.0.0/16', answers }, 'got `172.18.0.0/16`, the network address of its prefix'],
    ['a broadcast address', { client: '172.18.255.255/16', answers }, 'the broadcast address of its prefix'],
    ['no address', { client: 'backend-1/16', answers }, 'got `backend-1`'],
    ['no client', { client: '', answers }, 'Expected one `--client ADDRESS/PREFIX` or more'],
    ['no answers', { client: '172.18.1.9/16', answers: '' }, 'Expected `--answers` to be addresses with commas between them'],
    ['an answer twice', { client: '172.18.1.9/16', answers: `${answers} 172.18.1.10` }, 'Expected each address of `--answers` once, got `172.18.1.10` twice.'],
    ['the same address in two forms', { client: '2001:db8::9/64', answers: '2001:db8::11 2001:db8:0::11' }, 'got `2001:db8:0::11` twice'],
    ['an IPv4-mapped answer', { client: '172.18.1.9/16', answers: '::ffff:172.18.1.10' }, 'an IPv4 address is written without `::ffff:`'],
    ['an answer that is no host', { client: '172.18.1.9/16', answers: '224.0.0.1' }, 'Expected each address of `--answers` to be the address of a host, got `224.0.0.1`.'],
    ['more returned than there are', { client: '172.18.1.9/16', answers, returned: 3 }, 'Expected `--returned` to be no more than the addresses that an answer can hold, got 3. `--answers` has 2 IPv4 and 0 IPv6 addresses'],
    ['more returned than each answer has', { client: '172.18.1.9/16', answers: `${answers} 2001:db8::1`, returned: 3 }, 'A and AAAA are two answers'],
    ['families that cannot meet', { client: '172.18.1.9/16', answers: '2001:db8::1' }, 'Expected `--client` and `--answers` to have one family in common. The client (172.18.1.9) has no route to any of 2001:db8::1.'],
    ['a link-local address alone', { client: 'fe80::9/64', answers: '2001:db8::1' }, 'has no route to any of 2001:db8::1'],
  ])('%s', (_, words, message) => { expect(() => explained(words)).toThrow(message); });
});
