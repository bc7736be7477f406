/** What the readers make of the logs: lines as the real programs have written them (unbound 1.17.1, dnsmasq 2.90, systemd-resolved 252, nscd 2.36). */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ResolverName } from '../../lab/vocabulary/resolvers.ts';
import { resolverPrograms } from './index.ts';

type Told = Record<string, unknown>;

/** What the log says, each line with what was told so far when it had been read. */
function read(name: ResolverName, lines: readonly string[]): { told: Told[]; flush: () => Told[] } {
  const told: Told[] = [];
  const log = resolverPrograms[name].readLog({ query: (query) => { told.push({ ...query }); }, answer: (answer) => { told.push({ ...answer }); } });
  for (const line of lines) log.line(line);
  return { told, flush: () => { log.flush(); return told; } };
}

const web = 'web.lab.test';

test('unbound: the cache, and the response code', () => {
  const { told } = read('unbound', [
    '[1795767488] unbound[90:0] info: start of service (unbound 1.17.1).',
    '[1795767489] unbound[90:0] query: 198.51.100.200 web.lab.test. A IN',
    '[1795767489] unbound[90:0] reply: 198.51.100.200 web.lab.test. A IN NOERROR 0.002274 0 73',
    '[1795767489] unbound[90:0] query: 2001:db8:1:0:8000::200 nix.lab.test. AAAA IN',
    '[1795767489] unbound[90:0] reply: 2001:db8:1:0:8000::200 nix.lab.test. AAAA IN NXDOMAIN 0.000000 1 92',
  ]);
  expect(told).toEqual([
    { name: web, type: 'A', from: '198.51.100.200' },
    { name: web, type: 'A', source: 'forwarded', rcode: 'NOERROR' },
    { name: 'nix.lab.test', type: 'AAAA', from: '2001:db8:1:0:8000::200' },
    { name: 'nix.lab.test', type: 'AAAA', source: 'cache', rcode: 'NXDOMAIN' },
  ]);
});

const at = 'Nov 27 08:20:04 dnsmasq[154]:';
const peer = '198.51.100.200/41652';

test('dnsmasq: an answer has a line for each address, also where two questions are open', () => {
  const { told, flush } = read('dnsmasq', [
    `${at} started, version 2.90 cachesize 150`,
    `${at} 1 ${peer} query[A] web.lab.test from 198.51.100.200`,
    `${at} 1 ${peer} forwarded web.lab.test to 198.51.100.53`,
    `${at} 2 ${peer} query[AAAA] web.lab.test from 198.51.100.200`,
    `${at} 1 ${peer} reply web.lab.test is 198.51.100.11`,
    `${at} 1 ${peer} reply web.lab.test is 198.51.100.13`,
    `${at} 2 ${peer} reply web.lab.test is NODATA-IPv6`,
    `${at} 3 ${peer} query[A] nix.lab.test from 198.51.100.200`,
    `${at} 3 ${peer} cached nix.lab.test is NXDOMAIN`,
  ]);
  const asked = (name: string, type: string): Told => ({ name, type, from: '198.51.100.200' });
  const before = [asked(web, 'A'), asked(web, 'AAAA'), { name: web, type: 'A', source: 'forwarded', rcode: 'NOERROR', addresses: ['198.51.100.11', '198.51.100.13'] }];
  expect(told).toEqual([...before, { name: web, type: 'AAAA', source: 'forwarded', rcode: 'NOERROR', addresses: [] }, asked('nix.lab.test', 'A')]);
  expect(flush().slice(5)).toEqual([{ name: 'nix.lab.test', type: 'A', source: 'cache', rcode: 'NXDOMAIN', addresses: [] }]);
});

test('dnsmasq: an expired answer, whose refresh is no second answer; an error; an answer with no further line is complete after a moment', async () => {
  const { told } = read('dnsmasq', [
    `${at} 1 ${peer} query[A] web.lab.test from 198.51.100.200`,
    `${at} 1 ${peer} cached-stale web.lab.test is 198.51.100.11`,
    `${at} 1 ${peer} forwarded web.lab.test to 198.51.100.53`,
    `${at} 2 ${peer} query[A] web.lab.test from 198.51.100.200`,
    `${at} 2 ${peer} reply error is SERVFAIL`,
  ]);
  await sleep(100);
  expect(told.filter(({ source }) => source !== undefined)).toEqual([
    { name: web, type: 'A', source: 'stale cache', rcode: 'NOERROR', addresses: ['198.51.100.11'] },
    { name: web, type: 'A', source: 'forwarded', rcode: 'SERVFAIL', addresses: [] },
  ]);
});

test('systemd-resolved: the network with a TTL, the cache, and a name that does not exist', () => {
  const asked = (id: number, name: string): string[] => [`Got DNS stub UDP query packet for id ${id}`, `Looking up RR for ${name} IN A.`];
  const { told } = read('systemd-resolved', [
    ...asked(49510, web),
    'Cache miss for web.lab.test IN A',
    'Processing incoming packet of size 73 on transaction 45695 (rcode=SUCCESS).',
    'Added positive unauthenticated non-confidential cache entry for web.lab.test IN A 60s on eth0/INET/198.51.100.53',
    'Regular transaction 45695 for <web.lab.test IN A> on scope dns on */* now complete with <success> from network (unsigned; non-confidential).',
    'Sending response packet with id 49510 on interface 1/AF_INET of size 73.',
    ...asked(34510, web),
    'Positive cache hit for web.lab.test IN A',
    'Regular transaction 5645 for <web.lab.test IN A> on scope dns on */* now complete with <success> from cache (unsigned; non-confidential).',
    'Sending response packet with id 34510 on interface 1/AF_INET of size 73.',
    ...asked(7, 'nix.lab.test'),
    'Processing incoming packet of size 92 on transaction 9 (rcode=NXDOMAIN).',
    'Regular transaction 9 for <nix.lab.test IN A> on scope dns on */* now complete with <rcode-failure> from network (unsigned; non-confidential).',
    'Sending response packet with id 7 on interface 1/AF_INET of size 92.',
    ...asked(8, 'nix.lab.test'),
    'NXDOMAIN cache hit for nix.lab.test IN A',
    'Regular transaction 10 for <nix.lab.test IN A> on scope dns on */* now complete with <rcode-failure> from cache (unsigned; non-confidential).',
    'Sending response packet with id 8 on interface 1/AF_INET of size 92.',
  ]);
  const of = (id: number, name: string, answer: Told): Told[] => [{ queryId: id, name, type: 'A' }, { queryId: id, name, type: 'A', ...answer }];
  expect(told).toEqual([
    ...of(49510, web, { source: 'forwarded', rcode: 'NOERROR', ttlS: 60 }),
    ...of(34510, web, { source: 'cache', rcode: 'NOERROR' }),
    ...of(7, 'nix.lab.test', { source: 'forwarded', rcode: 'NXDOMAIN' }),
    ...of(8, 'nix.lab.test', { source: 'cache', rcode: 'NXDOMAIN' }),
  ]);
});

test('nscd: what it does not find it asks for; what it does not complain about was in its cache', () => {
  const line = (text: string): string => `Fri Nov 27 08:20:06 2026 - 178: ${text}`;
  const { told, flush } = read('nscd', [
    line('handle_request: request received (Version = 2) from PID 185'), line('\tGETFDHST'), line('\tGETAI (web.lab.test)'),
    line('Haven\'t found "web.lab.test" in hosts cache!'),
    line('add new entry "web.lab.test" of type GETAI for hosts to cache (first)'),
    line('\tGETAI (web.lab.test)'),
    // A TTL of 0: it is not kept, and the log does not tell of the answer.
    line('\tGETHOSTBYNAME (other.lab.test)'), line('Haven\'t found "other.lab.test" in hosts cache!'),
  ]);
  const first = [{ name: web, type: 'A AAAA' }, { name: web, type: 'A AAAA', source: 'forwarded' }, { name: web, type: 'A AAAA' }, { name: 'other.lab.test', type: 'A' }];
  expect(told).toEqual(first);
  expect(flush()).toEqual([...first, { name: web, type: 'A AAAA', source: 'cache' }]);
});
