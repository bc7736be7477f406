/** What a lab adds to compose.yaml. The contract of the drivers and the scenarios show on docker that the containers then have it. */
import { expect, test } from 'vitest';
import { createTopology, hostsOf } from '../../vocabulary/topology.ts';
import { parseOwner, thisProcess } from './docker-owner.ts';
import { composeFile, newProject, sysctlsFor } from './docker-project.ts';

const asked = { 'net.ipv4.tcp_retries2': 2, 'net.ipv4.tcp_syn_linear_timeouts': 0 };

test('a setting that the engine’s kernel does not have is left out', () => {
  expect(sysctlsFor(asked, '6.1.0-18-amd64')).toEqual({ 'net.ipv4.tcp_retries2': 2 });
  expect(sysctlsFor(asked, '6.5.0-rc1')).toEqual(asked);
  expect(sysctlsFor(asked, '6.18.44')).toEqual(asked);
  expect(sysctlsFor(asked, '4.4.0')).toEqual({});
});

test('the client has the settings, everything has the owner, and compose replaces nothing in the owner’s words', () => {
  const labels = { owner: 'lab run $HOME' };
  const file = composeFile({ ...newProject(), labels, ipv6Subnet: 'fd00::/64' }, createTopology(), asked) as { services: Record<string, unknown> };
  const escaped = { owner: 'lab run $$HOME' };
  expect(Object.keys(file.services)).toEqual(hostsOf(createTopology()));
  expect(file).toMatchObject({ services: { client: { labels: escaped, sysctls: asked }, dns: { labels: escaped } }, networks: { lab: { labels: escaped, ipam: { config: [{ subnet: 'fd00::/64' }] } } } });
  expect(file.services['dns']).not.toHaveProperty('sysctls');
});

test('no two labs have the same project or the same network, and both belong to this process', () => {
  const [one, other] = [newProject(), newProject()];
  expect(one.name).not.toBe(other.name);
  expect(one.ipv6Subnet).not.toBe(other.ipv6Subnet);
  expect(one.ipv6Subnet).toMatch(/^fd[0-9a-f]{2}:[0-9a-f]{4}:[0-9a-f]{4}::\/64$/);
  expect(Object.values(one.labels).map(parseOwner)).toEqual([thisProcess()]);
});
