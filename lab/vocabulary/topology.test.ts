import { BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { addressesOf, backendCount, createTopology, hostAt, hostsOf, isBackend, nobodysAddress, targetsOf, type Topology } from './topology.ts';

const most = createTopology({ backends: backendCount.most });

test('a lab has three backends, or as many as asked for', () => {
  expect(createTopology().backends).toEqual(['backend-1', 'backend-2', 'backend-3']);
  expect(hostsOf(createTopology({ backends: 1 }))).toEqual(['client', 'dns', 'backend-1', 'observer']);
  expect(targetsOf(createTopology({ backends: 2 }))).toEqual(['backend-1', 'backend-2', 'dns']);
  expect([most.backends.length, most.backends.at(-1)]).toEqual([24, 'backend-24']);
  expect(['backend-24', 'backend-25', 'backend-0', 'backend-01', 'dns'].map(isBackend)).toEqual([true, false, false, false, false]);
});

test.each([0, 25, -1, 1.5, Number.NaN])('%d backends are refused', (backends) => {
  expect(() => createTopology({ backends })).toThrow(`Expected \`backends\` of a topology to be a whole number from 1 to 24, got ${backends}.`);
});

test('the address of a backend that the lab does not have belongs to no host', () => {
  const { 'backend-4': { ipv4 } } = most.hosts;
  expect([hostAt(createTopology(), ipv4), hostAt(createTopology({ backends: 4 }), ipv4)]).toEqual([undefined, 'backend-4']);
});

test('no two hosts have the same address, now or after a move', () => {
  const all = [...Object.values(most.hosts), ...Object.values(most.spares)].flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
  all.push(nobodysAddress(most, 4), nobodysAddress(most, 6));
  expect(new Set(all).size).toBe(2 * (28 + 24 + 1));
});

test('a client without IPv6, and backends in several networks', () => {
  expect(addressesOf(createTopology({ clientIpv6: null }), 'client')).toEqual(['198.51.100.200/24']);
  expect(addressesOf(createTopology({ clientIpv6: '2001:db8:1::10' }), 'client')).toEqual(['198.51.100.200/24', '2001:db8:1::10/64']);
  const several = createTopology({ backends: 4, backendIpv6Networks: ['2001:db8:1:', '2001:db8:', '2001:db8:4:'] });
  expect(several.backends.map((name) => addressesOf(several, name)[1])).toEqual(['2001:db8:1::11/32', '2001:db8::12/32', '2001:db8:4::13/32', '2001:db8:1::14/32']);
});

/** Whether the addresses have the same first bits, so many. */
function sharePrefix([one, other]: readonly [string, string], bits: number): boolean {
  const network = new BlockList();
  const family = one.includes(':') ? 'ipv6' : 'ipv4';
  network.addSubnet(one, bits, family);
  return network.check(other, family);
}

// RFC 6724 section 5, rule 9: the longest common prefix with the source address comes first.
test('the client has the same common prefix with every backend, so rule 9 leaves the order of DNS', () => {
  const prefixes = (of: Topology, name: (typeof most.backends)[number]): boolean[] => {
    const { client, [name]: backend } = of.hosts;
    const [ipv4, ipv6] = [[client.ipv4, backend.ipv4], [client.ipv6, backend.ipv6]] as const;
    return [sharePrefix(ipv4, 24), sharePrefix(ipv4, 25), sharePrefix(ipv6, 64), sharePrefix(ipv6, 65)];
  };
  for (const name of most.backends) expect({ name, prefixes: prefixes(most, name) }).toEqual({ name, prefixes: [true, false, true, false] });
});
