/**
 * Holds the model against the real resolvers of this machine: random hosts, random answers, and for each name the whole list. `CASES=2000` tries more
 * names than the hundred of a normal run.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildUnshareArgs } from '../../network/drivers/netns.ts';
import { describeWith, fixtureArgv, type Need } from '../../testing/testing.ts';
import { seededRandom, shuffled } from '../../vocabulary/random.ts';
import ipaddr from 'ipaddr.js';
import { parseAddress, parseHostAddress, type HostAddress } from './address.ts';
import { listOf } from './explain-skew.ts';
import { readGaiConf, type AddressTables } from './prefix-table.ts';
import type { Case, Outcome, Task } from './real-resolvers.fixture.ts';
import type { ResolverName } from './resolvers.ts';
import { sourceFor } from './source-address.ts';

const folder = mkdtempSync(join(tmpdir(), 'lookups-'));
afterAll(() => { rmSync(folder, { recursive: true }); });
const programs = resolve(import.meta.dirname, 'programs');

const glibc = { name: 'glibc' as const, needs: ['gcc' as const], build: `gcc -o ${folder}/glibc ${programs}/lookup.c`, argv: [`${folder}/glibc`] };

/** How to build each program, and how to run it. */
const real: { name: ResolverName; needs: Need[]; build: string; argv: string[] }[] = [
  glibc,
  { name: 'musl', needs: ['musl'], build: `musl-gcc -static -o ${folder}/musl ${programs}/lookup.c`, argv: [`${folder}/musl`] },
  { name: 'go-1.8', needs: ['go'], build: `GOCACHE=${resolve('node_modules/.cache/clients/go-build')} GOTOOLCHAIN=local CGO_ENABLED=0 go build -o ${folder}/go ${programs}/lookup.go`, argv: [`${folder}/go`] },
  { name: 'java', needs: ['java'], build: `javac -d ${folder} ${programs}/Lookup.java`, argv: ['java', '-XX:-UsePerfData', '-Xshare:auto', '-cp', folder, 'Lookup'] },
  ...(['verbatim', 'ipv4first', 'ipv6first'] as const).map((order) => ({ name: `node-${order}` as const, needs: [], build: ':', argv: fixtureArgv('lab/skew/model/programs/lookup.fixture.ts', order) })),
  { name: 'c-ares', needs: [], build: ':', argv: fixtureArgv('lab/skew/model/programs/lookup.fixture.ts', 'resolve') },
];

function make(command: string): void {
  mkdirSync('node_modules/.cache/clients', { recursive: true });
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

/** Gives the cases to the programs in a namespace of their own. The namespace sees its own resolv.conf, and no nscd. */
function lookUp(task: Task, gaiConf = ''): Outcome {
  const script = `mount -t tmpfs lab /run
printf 'nameserver 127.0.0.1\\n' >/run/resolv.conf
printf 'hosts: files dns\\n' >/run/nsswitch.conf
printf '127.0.0.1 localhost\\n' >/run/hosts
printf '%s' '${gaiConf}' >/run/gai.conf
for file in resolv.conf nsswitch.conf hosts gai.conf; do [ ! -e /etc/$file ] || mount --bind /run/$file /etc/$file; done
ip link set lo up
exec ${fixtureArgv('lab/skew/model/real-resolvers.fixture.ts').join(' ')}`;
  const [file = '', ...args] = buildUnshareArgs(script);
  const { stdout, stderr, status } = spawnSync(file, args, { input: JSON.stringify(task), encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Outcome;
}

const random = seededRandom(process.env['SEED'] ?? '1');
const below = (limit: number): number => Math.floor(random() * limit);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

/** Random bytes behind the first `kept` bits of an address. */
function near(text: string, kept: number): string {
  const bytes = ipaddr.parse(text).toByteArray().map((byte, index) => {
    const mask = (0xff00 >> Math.min(Math.max(kept - index * 8, 0), 8)) & 0xff;
    return (byte & mask) | (below(256) & ~mask & 0xff);
  });
  return ipaddr.fromByteArray(bytes).toString();
}

/** Not the broadcast address of a subnet, which a UDP socket may not connect to, and no address that the model does not accept. */
function isHost(text: string, client: readonly string[]): boolean {
  if (client.some((each) => each.includes('.') && ipaddr.IPv4.broadcastAddressFromCIDR(each).toString() === text)) return false;
  return accepted(() => parseAddress(text, 'case')) && !/^(0|24\d|25\d)\./.test(text);
}

function accepted(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

const v4Blocks = ['10.1.2.3', '172.18.1.9', '192.168.7.7', '198.51.100.9', '8.8.4.4', '169.254.3.3', '127.0.0.1'];
const v6Blocks = ['2001:db8:1::9', '2001:db8:1:2::9', '2600:1f18::5', 'fd00:1:2::3', '2002:c000:204::1', '2001:0:5ef5::1', 'fe80::2', '::1', '3ffe::1', 'fec0::9'];

function randomClient(withIpv6: boolean): string[] {
  const v4 = Array.from({ length: withIpv6 && below(8) === 0 ? 0 : 1 + below(2) }, () => `${near(pick(v4Blocks.slice(0, 5)), 20)}/${8 + below(24)}`);
  const v6 = Array.from({ length: below(3) }, () => `${near(pick(v6Blocks.slice(0, 5)), 60)}/${pick([48, 56, 64, 64, 64, 80, 128])}`);
  const linkLocal = `${near('fe80::', 64)}/64`;
  const all = [...v4, ...(withIpv6 ? [...v6, ...(v6.length === 0 || below(2) === 0 ? [linkLocal] : [])] : [])].filter((each) => accepted(() => parseHostAddress(each, 'case')));
  return all.length > 0 ? all : randomClient(withIpv6);
}

function randomName(client: readonly string[]): string[] {
  const own = client.map((each) => each.split('/')[0] ?? '').filter((each) => !each.startsWith('fe80'));
  const address = (family: 4 | 6): string => {
    const ofFamily = own.filter((each) => each.includes(':') === (family === 6));
    const base = pick(ofFamily.length > 0 && below(2) === 0 ? ofFamily : family === 4 ? v4Blocks : v6Blocks);
    const text = near(base, pick(family === 4 ? [8, 16, 20, 24, 26, 28, 30, 32] : [16, 32, 40, 48, 56, 60, 64, 96, 112, 120, 124, 128]));
    return isHost(text, client) ? text : address(family);
  };
  const many = (family: 4 | 6, count: number): string[] => shuffled([...new Set(Array.from({ length: count }, () => address(family)))], random);
  const [a, aaaa] = [below(5), below(3) > 0 ? below(6) : 0];
  return a + aaaa < 2 ? randomName(client) : [...many(4, a), ...many(6, aaaa)];
}

const namesOfAll = Number(process.env['CASES'] ?? 100);
const namesOfOne = namesOfAll > 100 ? 50 : 10;
const cases: Case[] = Array.from({ length: Math.ceil(namesOfAll / namesOfOne) }, (_, index) => {
  // Every fourth host has no IPv6 address.
  const client = randomClient(index % 4 > 0);
  return { client, names: Array.from({ length: namesOfOne }, () => randomName(client)) };
});

/** An address in the form of RFC 5952. The programs write the same address in several forms. */
const plain = (text: string): string => (isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text);

/** The rows of glibc, Node and Java are for a host with an IPv6 address. glibc alone has a row for a host without one. */
const hasIpv6 = (client: readonly string[]): boolean => client.some((each) => each.includes(':'));

/** Go sends both queries at once and starts with the answer that comes first. That order is seen among addresses without a route only, whose two families it does not compare. */
function noRouteByFamily(list: readonly string[], host: readonly HostAddress[]): string[] {
  const isUnrouted = (each: string): boolean => sourceFor(parseAddress(each, 'case'), host) === null;
  return [...list.filter((each) => !isUnrouted(each)), ...([4, 6] as const).flatMap((family) => list.filter((each) => isUnrouted(each) && isIP(each) === family))];
}

for (const { name, needs, build, argv } of real) {
  describeWith(['netns', ...needs], `the model and the real ${name}`, () => {
    beforeAll(() => { make(build); });

    test(`agree on the order of ${cases.length * namesOfOne} random answers`, { timeout: 600_000 }, () => {
      const given = name === 'glibc' ? cases : cases.map(({ client, names }) => ({ client: hasIpv6(client) ? client : [...client, 'fe80::77/64'], names }));
      const outcome = lookUp({ programs: { [name]: argv }, cases: given });
      const differences = given.flatMap(({ client, names }, index) => {
        const host = client.map((each) => parseHostAddress(each, 'case'));
        const model = hasIpv6(client) ? name : 'glibc-without-ipv6';
        return names.flatMap((dns, at) => {
          const expected = listOf(model, dns.map((each) => parseAddress(each, 'case')), host).map(({ text }) => text);
          const seen = (outcome[index]?.[name]?.[at] ?? []).map(plain);
          const comparable = (list: readonly string[]): string => (name === 'go-1.8' ? noRouteByFamily(list, host) : list).join();
          return comparable(seen) === comparable(expected) ? [] : [{ client: client.join(' '), dns: dns.join(' '), expected: expected.join(' '), seen: seen.join(' ') }];
        });
      });
      expect(differences.slice(0, 5)).toEqual([]);
      expect(differences).toHaveLength(0);
    });
  });
}

/** Nobody's file, but each kind of line: IPv4 first, ULA before other IPv6, private IPv4 of another scope, and a label that nothing else has. */
const gaiConf = `precedence ::ffff:0:0/96 100
precedence fc00::/7 45
label 2001:db8:1::/48 42
label ::ffff:0:0/96 4
scopev4 ::ffff:10.0.0.0/104 5
scopev4 172.16.0.0/12 7
`;

describeWith(['netns', 'gcc', 'gai.conf'], 'the model and the real glibc with a gai.conf', () => {
  beforeAll(() => { make(glibc.build); });

  test(`agree on the order of ${cases.length * namesOfOne} random answers`, { timeout: 600_000 }, () => {
    const file = join(folder, 'gai.conf');
    writeFileSync(file, gaiConf);
    const tables = readGaiConf(file);
    const withIpv6 = cases.filter(({ client }) => hasIpv6(client));
    const outcome = lookUp({ programs: { glibc: glibc.argv }, cases: withIpv6 }, gaiConf);
    const lists = withIpv6.flatMap(({ client, names }, index) => names.map((dns, at) => {
      const list = (gai?: AddressTables): string => listOf('glibc', dns.map((each) => parseAddress(each, 'case')), client.map((each) => parseHostAddress(each, 'case')), gai).map(({ text }) => text).join(' ');
      return { seen: outcome[index]?.['glibc']?.[at]?.map(plain).join(' '), expected: list(tables), byDefault: list() };
    }));
    expect(lists.filter(({ seen, expected }) => seen !== expected).slice(0, 5)).toEqual([]);
    // The file matters: without it, several lists would be others.
    expect(lists.filter(({ seen, byDefault }) => seen !== byDefault).length).toBeGreaterThan(withIpv6.length);
  });
});

test('the random hosts and answers are with and without IPv6', () => {
  const withIpv6 = cases.map(({ client }) => hasIpv6(client));
  const families = cases.flatMap(({ names }) => names.map((each) => new Set(each.map((address) => isIP(address))).size));
  expect([new Set(withIpv6).size, new Set(families).size]).toEqual([2, 2]);
});
