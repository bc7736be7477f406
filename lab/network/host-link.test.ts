/** The `ip` commands that insert a relay into a link and remove it, as exact lines. These tests need no network. */
import { expect, test } from 'vitest';
import { buildAddress, buildInsertion, buildPair, buildRemoval, parsePlacement } from './host-link.ts';
import { untilUsable } from './usable-address.ts';

/** The output of `ip` for the interface of a container. */
const container = `7: eth0@if8: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT group default \\    link/ether 02:42:c6:33:64:0b brd ff:ff:ff:ff:ff:ff link-netnsid 0
7: eth0    inet 198.51.100.11/24 brd 198.51.100.255 scope global eth0\\       valid_lft forever preferred_lft forever
7: eth0    inet6 2001:db8:1::11/64 scope global nodad \\       valid_lft forever preferred_lft forever
7: eth0    inet6 fe80::42:c6ff:fe33:640b/64 scope link \\       valid_lft forever preferred_lft forever
198.51.100.250 lladdr 02:42:c6:33:64:fa REACHABLE
198.51.100.12  FAILED
2001:db8:1::250 lladdr 02:42:c6:33:64:fa router STALE
`;

const placement = parsePlacement(container);

test('parsePlacement reads the addresses, the MTU and the neighbours of an interface', () => {
  expect(placement).toEqual({
    hardwareAddress: '02:42:c6:33:64:0b',
    mtu: 1_450,
    ipv4: [{ address: '198.51.100.11', prefixLength: 24 }],
    ipv6: ['2001:db8:1::11/64'],
    neighbours: [{ address: '198.51.100.250', hardwareAddress: '02:42:c6:33:64:fa' }, { address: '2001:db8:1::250', hardwareAddress: '02:42:c6:33:64:fa' }],
  });
});

test('each address is on both interfaces before it leaves one; the hardware address changes last on insertion and first on removal', () => {
  expect(buildPair(placement)[0]).toBe('link add dev inner address 02:42:c6:33:64:0b mtu 1450 type veth peer name outer mtu 1450');
  expect(buildInsertion(placement).split('\n')).toEqual([
    'ip -batch - <<END',
    'neighbour replace 198.51.100.250 lladdr 02:42:c6:33:64:fa dev inner nud stale',
    'neighbour replace 2001:db8:1::250 lladdr 02:42:c6:33:64:fa dev inner nud stale',
    'address add 2001:db8:1::11/64 dev inner nodad noprefixroute',
    'route add 2001:db8:1::11/64 dev inner metric 128 mtu 1450',
    'address add 2001:db8:1::fa7e/64 dev eth0 nodad',
    'route add 198.51.100.0/25 dev inner src 198.51.100.11 mtu 1450',
    'route add 198.51.100.128/25 dev inner src 198.51.100.11 mtu 1450',
    'END',
    ...untilUsable(['2001:db8:1::11'], 'inner').split('\n'),
    'ip -batch - <<END',
    'address delete 2001:db8:1::11/64 dev eth0',
    'link set dev eth0 arp off',
    'link set dev eth0 address 02:00:00:00:00:01',
    'END',
  ]);
  expect(buildRemoval(placement).split('\n')).toEqual([
    'ip -batch - <<END',
    'link set dev eth0 address 02:42:c6:33:64:0b',
    'link set dev eth0 arp on',
    'address add 2001:db8:1::11/64 dev eth0 nodad',
    'END',
    ...untilUsable(['2001:db8:1::11'], 'eth0').split('\n'),
    'ip -batch - <<END',
    'address delete 2001:db8:1::fa7e/64 dev eth0',
    'route delete 2001:db8:1::11/64 dev inner',
    'address delete 2001:db8:1::11/64 dev inner',
    'route delete 198.51.100.0/25 dev inner',
    'route delete 198.51.100.128/25 dev inner',
    'END',
  ]);
});

test('an additional address: with a relay, IPv6 goes to inner; one route and one placeholder are enough for a family', () => {
  expect(buildAddress('add', '2001:db8:1::21/64', false)).toBe('address add 2001:db8:1::21/64 dev eth0 nodad');
  expect(buildAddress('add', '2001:db8:1::21/64', true)).toBe('address add 2001:db8:1::21/64 dev inner nodad noprefixroute');
  expect(buildAddress('delete', '198.51.100.21/24', true)).toBe('address delete 198.51.100.21/24 dev eth0');
  const moved = { ...placement, ipv4: [...placement.ipv4, { address: '198.51.100.21', prefixLength: 24 }], ipv6: [...placement.ipv6, '2001:db8:1::21/64'] };
  // Three lines differ: the address is added to one interface, waited for there, and deleted from the other.
  const more = (build: typeof buildInsertion): string[] => build(moved).split('\n').filter((line) => !build(placement).split('\n').includes(line));
  expect(more(buildInsertion)).toEqual(['address add 2001:db8:1::21/64 dev inner nodad noprefixroute', 'for each in 2001:db8:1::11 2001:db8:1::21; do', 'address delete 2001:db8:1::21/64 dev eth0']);
  expect(more(buildRemoval)).toEqual(['address add 2001:db8:1::21/64 dev eth0 nodad', 'for each in 2001:db8:1::11 2001:db8:1::21; do', 'address delete 2001:db8:1::21/64 dev inner']);
  expect(buildInsertion(moved).split('\n')).toHaveLength(buildInsertion(placement).split('\n').length + 2);
});
