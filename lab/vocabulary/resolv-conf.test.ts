import { describe, expect, test } from 'vitest';
import { nameserversIn, resolvConfOf, searchListOf } from './resolv-conf.ts';
import { parseResolvConfLine } from './resolv-conf-line.ts';
import { nameserver } from './topology.ts';

test.each([
  ['nameserver 198.51.100.99', 'nameserver 198.51.100.99'],
  ['nameserver 2001:db8:1::53', 'nameserver 2001:db8:1::53'],
  ['  search  ns.svc.cluster.local\tsvc.cluster.local. _tcp.example.com ', 'search ns.svc.cluster.local svc.cluster.local. _tcp.example.com'],
  ['search .', 'search .'],
  ['domain example.com', 'domain example.com'],
  ['options ndots:5 timeout:1 attempts:3 rotate single-request-reopen', 'options ndots:5 timeout:1 attempts:3 rotate single-request-reopen'],
  ['sortlist 198.51.100.0/255.255.255.0 192.0.2.0', 'sortlist 198.51.100.0/255.255.255.0 192.0.2.0'],
])('%j is a line', (line, expected) => {
  expect(parseResolvConfLine(line)).toBe(expected);
});

const anyLine = '--resolv-conf: expected a line of resolv.conf(5), which begins with nameserver, search, domain, sortlist, options, got';
test.each([
  ['', anyLine],
  ['# a comment', anyLine],
  ['serach example.com', anyLine],
  ['constructor x', anyLine],
  ['nameserver', '--resolv-conf: expected one IP address after `nameserver`, got `nameserver`.'],
  ['nameserver dns.lab.test', '--resolv-conf: expected one IP address after `nameserver`, got'],
  ['nameserver 198.51.100.53 198.51.100.54', '--resolv-conf: expected one IP address after `nameserver`, got'],
  ['search', '--resolv-conf: expected one or more domain names after `search`, got `search`.'],
  ['search a..b', '--resolv-conf: expected one or more domain names after `search`, got'],
  ['search a\noptions ndots:5', '--resolv-conf: expected one or more domain names after `search`, got'],
  ['domain a b', '--resolv-conf: expected one domain name after `domain`, got'],
  ['sortlist example.com', '--resolv-conf: expected one or more IPv4 networks, as'],
  ['options', '--resolv-conf: expected an option in `options`. The options are: ndots:N, timeout:N, attempts:N, debug, rotate,'],
  ['options ndots:5 ndot:5', '--resolv-conf: unknown option `ndot:5` in `options ndots:5 ndot:5`. The options are:'],
  ['options ndots', '--resolv-conf: unknown option `ndots` in'],
  ['options timeout:1s', '--resolv-conf: unknown option `timeout:1s` in'],
  ['options rotate:1', '--resolv-conf: unknown option `rotate:1` in'],
])('%j is refused with a message', (line, message) => {
  expect(() => parseResolvConfLine(line)).toThrow(message);
});

describe('the lines of the file', () => {
  test.each([
    ['no lines: the file stays as it is', undefined, [], undefined],
    ['options alone: the name server of the lab comes first', undefined, ['options timeout:1'], [nameserver, 'options timeout:1']],
    ['a name server: no other one is added', undefined, ['nameserver 192.0.2.1'], ['nameserver 192.0.2.1']],
    ['lines of the scenario: the given lines come after them', ['nameserver 192.0.2.1', 'options timeout:2'], ['options timeout:1'], ['nameserver 192.0.2.1', 'options timeout:2', 'options timeout:1']],
  ])('%s', (_, own, given, expected) => {
    expect(resolvConfOf(own, given)).toEqual(expected);
  });

  test('the name servers and the search list', () => {
    const lines = ['nameserver 192.0.2.1', 'search old.test', 'nameserver 2001:db8::1', 'search NS.svc.test svc.test.', 'options ndots:5'];
    expect(nameserversIn(lines)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(searchListOf(lines)).toEqual(['ns.svc.test', 'svc.test']);
    expect(searchListOf(['search old.test', 'domain example.com'])).toEqual(['example.com']);
    expect(searchListOf(['search .'])).toEqual([]);
  });
});
