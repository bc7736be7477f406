/** What a lab adds to compose.yaml. The contract of the drivers and the scenarios show on docker that the containers then have it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../vocabulary/project.ts';
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

test.each([[1, []], [3, []], [5, ['backend-4', 'backend-5']]] as const)('with %i backends the file makes those that compose.yaml does not have: %j', (backends, made) => {
  const topology = createTopology({ backends });
  const { services } = composeFile(newProject(), topology, {}) as { services: Record<string, { extends?: { file: string; service: string } }> };
  expect(Object.keys(services)).toEqual(hostsOf(topology));
  expect(Object.entries(services).filter(([, service]) => service.extends).map(([name]) => name)).toEqual(made);
  for (const { extends: copied } of Object.values(services)) if (copied) expect({ service: copied.service, text: readFileSync(copied.file, 'utf8') }).toMatchObject({ service: 'backend-1', text: expect.stringMatching(/^ {2}backend-1:/m) as string });
});

test('compose.yaml has the backends of the usual lab', () => {
  const own = [...readFileSync(join(projectRoot, 'compose.yaml'), 'utf8').matchAll(/^ {2}(backend-\d+):/gm)].map(([, name]) => name);
  expect(own).toEqual(createTopology().backends);
});
