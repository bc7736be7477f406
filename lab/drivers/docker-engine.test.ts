import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { engineAddress, engineUrl } from './docker-engine.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
  vi.stubEnv('DOCKER_CONFIG', folder);
  vi.stubEnv('DOCKER_HOST', undefined);
  vi.stubEnv('DOCKER_CONTEXT', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A context as `docker context create` leaves it. */
function writeContext(name: string, host: string): void {
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}

test('without any setting: the default socket', async () => {
  expect(engineAddress(await engineUrl())).toEqual({ socketPath: '/var/run/docker.sock' });
});

test('the current context, and DOCKER_CONTEXT over it', async () => {
  writeContext('colima', 'unix:///home/me/.colima/docker.sock');
  writeContext('far', 'tcp://192.0.2.7:2375');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'colima' }));
  expect(engineAddress(await engineUrl())).toEqual({ socketPath: '/home/me/.colima/docker.sock' });
  vi.stubEnv('DOCKER_CONTEXT', 'far');
  expect(engineAddress(await engineUrl())).toEqual({ host: '192.0.2.7', port: '2375', protocol: 'http' });
});

test('DOCKER_HOST over all', async () => {
  writeContext('colima', 'unix:///home/me/.colima/docker.sock');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'colima' }));
  vi.stubEnv('DOCKER_HOST', 'tcp://[2001:db8::7]');
  expect(engineAddress(await engineUrl())).toEqual({ host: '[2001:db8::7]', port: '2375', protocol: 'http' });
});

test('what is no address of an engine is named', async () => {
  vi.stubEnv('DOCKER_HOST', 'ssh://me@example.test');
  await expect(engineUrl().then(engineAddress)).rejects.toThrow('Expected the engine at unix:// or tcp://, got `ssh://me@example.test`');
});

test('a context that is not there is no default socket', async () => {
  vi.stubEnv('DOCKER_CONTEXT', 'nosuch');
  await expect(engineUrl()).rejects.toThrow('Expected the docker context `nosuch`');
});
