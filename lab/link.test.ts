/** The commands that put a relay into a link and take it out, as exact lines: what needs no network to be wrong. */
import { expect, test } from 'vitest';
import { buildInsertion, buildPair, buildRemoval, parsePlacement } from './link.ts';

/** As a container's interface looks: a broadcast address, a default route. */
const container = `7: eth0@if8: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT group default \\    link/ether 02:42:c6:33:64:0b brd ff:ff:ff:ff:ff:ff link-netnsid 0
7: eth0    inet 198.51.100.11/24 brd 198.51.100.255 scope global eth0\\       valid_lft forever preferred_lft forever
7: eth0    inet6 2001:db8:1::11/64 scope global nodad \\       valid_lft forever preferred_lft forever
7: eth0    inet6 fe80::42:c6ff:fe33:640b/64 scope link \\       valid_lft forever preferred_lft forever
default via 198.51.100.1 
198.51.100.0/24 proto kernel scope link src 198.51.100.11 

2001:db8:1::/64 proto kernel metric 256 pref medium
fe80::/64 proto kernel metric 256 pref medium
default via 2001:db8:1::1 metric 1024 pref medium
`;

const placement = parsePlacement(container);

test('what an interface has', () => {
  expect(placement).toEqual({
    hardwareAddress: '02:42:c6:33:64:0b',
    mtu: 1_450,
    addresses: ['198.51.100.11/24 brd 198.51.100.255', '2001:db8:1::11/64 nodad'],
    routes: ['0.0.0.0/0 via 198.51.100.1', '::/0 via 2001:db8:1::1 metric 1024 pref medium'],
  });
});

test('each address arrives before it leaves, and the hardware address changes in between', () => {
  expect(buildPair(placement)[0]).toBe('link add dev inner address 02:42:c6:33:64:0b mtu 1450 type veth peer name outer mtu 1450');
  expect(buildInsertion(placement)).toEqual([
    'address add 198.51.100.11/24 brd 198.51.100.255 dev inner',
    'address add 2001:db8:1::11/64 nodad dev inner',
    'route replace 0.0.0.0/0 via 198.51.100.1 dev inner',
    'route replace ::/0 via 2001:db8:1::1 metric 1024 pref medium dev inner',
    'link set dev eth0 address 02:00:00:00:00:01',
    'address delete 198.51.100.11/24 dev eth0',
    'address delete 2001:db8:1::11/64 dev eth0',
  ]);
  expect(buildRemoval(placement)).toEqual([
    'address add 198.51.100.11/24 brd 198.51.100.255 dev eth0',
    'address add 2001:db8:1::11/64 nodad dev eth0',
    'route replace 0.0.0.0/0 via 198.51.100.1 dev eth0',
    'route replace ::/0 via 2001:db8:1::1 metric 1024 pref medium dev eth0',
    'link set dev eth0 address 02:42:c6:33:64:0b',
    'address delete 198.51.100.11/24 dev inner',
    'address delete 2001:db8:1::11/64 dev inner',
  ]);
});
