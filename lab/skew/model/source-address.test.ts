/** Hosts whose source addresses the random hosts of real-resolvers.test.ts seldom decide. The expected addresses are those of `ip route get`. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { buildUnshareArgs } from '../../network/drivers/netns.ts';
import { describeWith } from '../../testing/testing.ts';
import { parseAddress, parseHostAddress } from './address.ts';
import { sourceFor } from './source-address.ts';

const rows = [
  ["the host's own address, of the wider of two subnets", ['10.1.13.44/8', '10.1.11.166/19'], '10.1.13.44', '10.1.13.44'],
  ['an address in both subnets', ['10.1.13.44/8', '10.1.11.166/19'], '10.1.13.45', '10.1.11.166'],
  ['a second address of one subnet', ['198.51.100.11/24', '198.51.100.12/24'], '198.51.100.12', '198.51.100.11'],
  ['the same address with a prefix of its own', ['198.51.100.11/32', '198.51.100.12/32'], '198.51.100.12', '198.51.100.12'],
  ['an address behind the default route', ['198.51.100.11/24', '192.168.0.9/16'], '203.0.113.1', '198.51.100.11'],
  ['loopback', ['198.51.100.11/24'], '127.0.0.2', '127.0.0.1'],
  ['IPv6: the label counts before the prefix, and before the last address', ['2001:db8::9/64', '2002:c000:204::9/64'], '2600::1', '2001:db8::9'],
  ['IPv6: the longest prefix', ['2001:db8:1::9/64', '2001:db8:2::9/64'], '2001:db8:1::11', '2001:db8:1::9'],
  ['IPv6: the last of two addresses of one subnet', ['2001:db8:1::9/64', '2001:db8:1::12/64'], '2001:db8:1::11', '2001:db8:1::12'],
] as const;

const given = (host: readonly string[]) => host.map((each) => parseHostAddress(each, 'the host'));

describe('the source address', () => {
  test.each(rows)('%s', (_, host, destination, source) => { expect(sourceFor(parseAddress(destination, 'the destination'), given(host))?.text).toBe(source); });

  test.each([
    ['IPv6 from a host with IPv4', ['198.51.100.11/24'], '2001:db8::1'],
    ['IPv6 from a link-local address', ['fe80::9/64'], '2001:db8::1'],
    ['a link-local destination', ['2001:db8::9/64', 'fe80::9/64'], 'fe80::1'],
    ['IPv4 from loopback', ['127.0.0.1/8'], '198.51.100.1'],
  ])('no route: %s', (_, host, destination) => { expect(sourceFor(parseAddress(destination, 'the destination'), given(host))).toBeNull(); });
});

describeWith('netns', 'the source address that the kernel chooses', () => {
  test.each(rows)('%s', (_, host, destination, source) => {
    const script = `exec 2>&1
ip link set lo up
ip link add eth0 type veth peer name peer0
ip link set eth0 up
ip link set peer0 up
${host.map((each) => `ip address add ${each} dev eth0${each.includes(':') ? ' nodad' : ''}`).join('\n')}
ip ${destination.includes(':') ? '-6' : '-4'} route add default dev eth0
ip route get ${destination}`;
    const [file = '', ...args] = buildUnshareArgs(script);
    const { stdout } = spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
    expect(/ src (\S+)/.exec(stdout)?.[1] ?? stdout).toBe(source);
  });
});
