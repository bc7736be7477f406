import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Command } from '../../lab/vocabulary/control.ts';
import { policyCommands, type Policy } from './policy.ts';
import { Zone } from './zone.ts';

let zone: Zone;
let call: (command: string, args?: Record<string, unknown>) => Policy;
let written: string[];

beforeEach(() => {
  zone = new Zone({ domain: 'lab.test', seed: '1', records: [{ name: 'web.lab.test', type: 'A', address: '198.51.100.11' }] });
  const commands: Record<string, Command> = policyCommands(zone);
  call = (command, args = {}) => commands[command]?.(args) as Policy;
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const changes = (): string[] => written.map((line) => (JSON.parse(line) as { event: string; change: string }).change);

describe('a switch', () => {
  test('returns the policy that is now in force, and reports the change as an event', () => {
    expect(call('policy')).toEqual({
      aaaa: false,
      ttlS: 60,
      aa: true,
      ra: true,
      soa: true,
      chains: { A: 'up > shuffle > selectFirst 2', AAAA: 'up > shuffle > selectFirst 2' },
      rules: [],
    });
    expect(call('aaaa', { on: true }).aaaa).toBe(true);
    expect(call('ttl', { seconds: 0 }).ttlS).toBe(0);
    expect(call('aa', { on: false })).toMatchObject({ aa: false, ra: true, soa: true });
    expect(call('ra', { on: 'off' })).toMatchObject({ aa: false, ra: false, soa: true });
    expect(call('soa', { on: 'off' })).toMatchObject({ aa: false, ra: false, soa: false });
    expect(call('filter', { filter: 'shuffle', on: false, type: 'A' }).chains).toEqual({ A: 'up > selectFirst 2', AAAA: 'up > shuffle > selectFirst 2' });
    expect(call('filter', { filter: 'selectFirst', on: true, n: 3 }).chains).toEqual({ A: 'up > selectFirst 3', AAAA: 'up > shuffle > selectFirst 3' });
    expect(call('chain', { links: ['selectFirst 2', 'shuffle'] }).chains.A).toBe('selectFirst 2 > shuffle');
    expect(call('impair', { type: 'A', delayMs: 5, rcode: 'SERVFAIL' }).rules).toEqual([{ id: 'impair A', text: 'A queries: delayMs 5, rcode SERVFAIL' }]);
    expect(call('impair', { drop: true, rcode: null }).rules).toEqual([{ id: 'impair A', text: 'A queries: drop true, delayMs 5' }, { id: 'impair AAAA', text: 'AAAA queries: drop true' }]);
    expect(call('impair', { drop: false, delayMs: 0 }).rules).toEqual([]);
    expect(call('impair', { type: 'A', truncate: '0' }).rules).toEqual([{ id: 'impair A', text: 'A queries: truncate 0' }]);
    expect(call('impair', { truncate: null }).rules).toEqual([]);
    const rule = { id: 'mine', match: { name: 'web.lab.test', clients: ['192.0.2.1'], percent: 30 }, effect: { copies: 2, omit: ['198.51.100.11'] } };
    expect(call('rule', rule).rules).toEqual([{ id: 'mine', text: 'all queries for web.lab.test from 192.0.2.1 (30 %): copies 2, omit 198.51.100.11' }]);
    expect(call('unrule', { id: 'mine' }).rules).toEqual([]);
    expect(changes()).toEqual([
      'AAAA on',
      'TTL 0 s',
      'flag AA off',
      'flag RA off',
      'SOA in answers without a record off',
      'shuffle off: A up > selectFirst 2',
      'selectFirst on: A up > selectFirst 3, AAAA up > shuffle > selectFirst 3',
      'A selectFirst 2 > shuffle, AAAA selectFirst 2 > shuffle',
      'A queries: {"delayMs":5,"rcode":"SERVFAIL"}',
      'A and AAAA queries: {"drop":true,"rcode":null}',
      'A and AAAA queries: {"delayMs":0,"drop":false}',
      'A queries: {"truncate":0}',
      'A and AAAA queries: {"truncate":null}',
      'mine: all queries for web.lab.test from 192.0.2.1 (30 %): copies 2, omit 198.51.100.11',
      'mine: removed',
    ]);
  });

  test('adds, marks and removes a record', () => {
    const record = { name: 'new.lab.test', type: 'A', address: '198.51.100.12' };
    call('record', { action: 'add', ...record });
    call('record', { action: 'down', ...record });
    expect(zone.answer('new.lab.test', 'A')).toEqual({ rcode: 'NOERROR', records: [] });
    call('record', { action: 'up', ...record });
    expect(zone.answer('new.lab.test', 'A')).toMatchObject({ records: [{ address: '198.51.100.12' }] });
    call('record', { action: 'remove', ...record });
    expect(zone.answer('new.lab.test', 'A').rcode).toBe('NXDOMAIN');
    expect(changes()).toEqual(['add', 'down', 'up', 'remove'].map((action) => `record new.lab.test A 198.51.100.12 ${action}`));
  });
});

test('`announce` changes what the HTTPS records announce; a zone without such a record says so', () => {
  const [service] = (zone = new Zone({ domain: 'lab.test', seed: '1', records: [], services: [{ name: '_8443._https.web.lab.test', target: 'web.lab.test', alpn: ['h2'] }] })).services;
  const { announce } = policyCommands(zone);
  expect(announce({ alpn: ['h3', 'http/1.1'] })).not.toHaveProperty('remark');
  expect(service?.alpn).toEqual(['h3', 'http/1.1']);
  expect(changes()).toEqual(['HTTPS records: 1 web.lab.test alpn=h3,http/1.1']);
  expect(() => announce({ alpn: ['h 3'] })).toThrow('Expected `alpn.0` to be the name of a protocol in ALPN, such as h2, got `h 3`.');
  expect(() => announce({ alpn: [] })).toThrow('Expected `alpn` to have one protocol or more, got none.');
  expect(service?.alpn).toEqual(['h3', 'http/1.1']);
  expect(call('announce', { alpn: ['h3'] }).remark).toMatch(/^no answer changes, because the zone has none/);
});

test('`impair` takes HTTPS by its name; without a type it changes A and AAAA, as before', () => {
  call('impair', { type: 'HTTPS', drop: true });
  expect(call('impair', { delayMs: 5 }).rules.map(({ text }) => text)).toEqual(['HTTPS queries: drop true', 'A queries: delayMs 5', 'AAAA queries: delayMs 5']);
});

test('a record that is marked changes no answer where no filter reads the mark, and the answer to the command says so', () => {
  const record = { name: 'web.lab.test', type: 'A', address: '198.51.100.11' };
  const remark = (chain: string): string => `no answer changes, because the A chain (${chain}) has no filter \`up\` that is on`;
  expect(call('record', { action: 'up', ...record })).not.toHaveProperty('remark');
  call('filter', { filter: 'up', on: false });
  expect(call('record', { action: 'down', ...record })).toMatchObject({ remark: remark('shuffle > selectFirst 2') });
  call('chain', { links: ['sort'] });
  expect(call('record', { action: 'up', ...record })).toMatchObject({ remark: remark('sort') });
  expect(call('record', { action: 'remove', ...record })).not.toHaveProperty('remark');
});

describe('a command that cannot be carried out is refused with a message, and changes nothing', () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ['aaaa', { on: 'yes' }, 'Expected `on` to be on or off, got `yes`.'],
    ['ra', { on: 1 }, 'Expected `on` to be on or off, got 1.'],
    ['impair', { truncate: -1 }, 'Expected `truncate` to be a whole number from 0 to 1000, got -1.'],
    ['ttl', { seconds: -1 }, 'Expected `seconds` to be a whole number from 0 to 2147483647, got -1.'],
    ['ttl', { seconds: '5s' }, 'Expected `seconds` to be a whole number from 0 to 2147483647, got `5s`.'],
    ['filter', { filter: 'sorted', on: true }, 'Expected `filter` to be one of up, shuffle, rotate, sort, selectFirst, got `sorted`.'],
    ['filter', { filter: 'sort' }, 'Expected `on` to be on or off, got undefined.'],
    ['filter', { filter: 'sort', on: true, type: 'MX' }, 'Expected `type` to be one of A, AAAA, got `MX`.'],
    ['filter', { filter: 'selectFirst', on: true, n: 1.5 }, 'Expected `n` to be a whole number from 0 to 1000, got 1.5.'],
    ['chain', { links: 'shuffle' }, 'Expected `links` to be a list, each entry a word, got `shuffle`.'],
    ['chain', { links: ['shuffle', 'first 2'] }, 'Expected `filter` to be one of up, shuffle, rotate, sort, selectFirst, got `first`.'],
    ['chain', { links: ['selectFirst'] }, 'Expected `n` to be a whole number from 0 to 1000, got undefined.'],
    ['chain', { links: ['selectFirst two'] }, 'Expected `n` to be a whole number from 0 to 1000, got `two`.'],
    ['readdress', { from: '198.51.100.11', to: '2001:db8::1' }, 'Expected two addresses of one family, got 198.51.100.11 and 2001:db8::1.'],
    ['readdress', { from: '198.51.100.11' }, 'Expected `to` to be an IPv4 address, or an IPv6 address without a zone index and without dots, got undefined.'],
    ['record', { action: 'delete', name: 'web.lab.test', type: 'A', address: '198.51.100.11' }, 'Expected `action` to be one of add, remove, up, down, got `delete`.'],
    ['record', { action: 'add', name: '', type: 'A', address: '198.51.100.12' }, 'Expected `name` to be a word, got ``.'],
    ['record', { action: 'add', name: 'web.lab.test', type: 'MX', address: '198.51.100.12' }, 'Expected `type` to be one of A, AAAA, got `MX`.'],
    ['record', { action: 'add', name: 'web.lab.test', type: 'A', address: '198.51.100.256' }, 'Expected `address` to be an IPv4 address, got `198.51.100.256`.'],
    ['record', { action: 'add', name: 'web.lab.test', type: 'AAAA', address: '198.51.100.12' }, 'Expected `address` to be an IPv6 address without a zone index and without dots, got `198.51.100.12`.'],
    ['record', { action: 'add', name: 'web.lab.test', type: 'AAAA', address: '::ffff:198.51.100.12' }, 'Expected `address` to be an IPv6 address without a zone index and without dots, got `::ffff:198.51.100.12`.'],
    ['rule', { id: 'mine', effect: { insert: ['198.51.100.11', 'nowhere'] } }, 'Expected `effect.insert.1` to be an IPv4 address, or an IPv6 address without a zone index and without dots, got `nowhere`.'],
    ['record', { action: 'remove', name: 'web.lab.test', type: 'A', address: '198.51.100.12' }, 'No record web.lab.test A 198.51.100.12. web.lab.test has: A 198.51.100.11.'],
    ['impair', { delayMs: 600_001 }, 'Expected `delayMs` to be a whole number from 0 to 600000, got 600001.'],
    ['rule', { id: 'mine', match: { percent: 101 } }, 'Expected `match.percent` to be a whole number from 0 to 100, got 101.'],
    ['rule', { id: 'mine', match: { clients: '192.0.2.1' } }, 'Expected `match.clients` to be a list, each entry a word, got `192.0.2.1`.'],
    ['rule', { id: 'mine', effect: { rcode: 'NOPE' } }, 'Expected `effect.rcode` to be one of NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS, got `NOPE`.'],
    ['rule', { id: 'mine', effect: { slow: true } }, '`effect` has no `slow`. It has: drop, delayMs, rcode, nodata, truncate, aa, ra, soa, wrongId, copies, ttlS, cnames, omit, insert.'],
    ['rule', { effect: {} }, 'Expected `id` to be a word, got undefined.'],
    ['impair', { drop: 1 }, 'Expected `drop` to be on or off, got 1.'],
    ['impair', { rcode: 'NOPE' }, 'Expected `rcode` to be one of NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS, got `NOPE`.'],
  ];

  test.each(cases)('%s %j', (command, args, message) => {
    const before = call('policy');
    expect(() => call(command, args)).toThrow(expect.objectContaining({ message }));
    expect(call('policy')).toEqual(before);
    expect(written).toEqual([]);
  });
});
