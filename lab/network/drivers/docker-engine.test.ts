import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { docker } from './docker.ts';
import { answerOf, connectEngine, engineAddress, engineUrl } from './docker-engine.ts';
import { createTopology } from '../../vocabulary/topology.ts';

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

/** Writes a context as `docker context create` does. */
function writeContext(name: string, host: string): void {
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}

test('without any setting, the address is the default socket', async () => {
  expect(engineAddress(await engineUrl())).toEqual({ socketPath: '/var/run/docker.sock' });
});

test('the address is that of the current context, and DOCKER_CONTEXT names another one', async () => {
  writeContext('colima', 'unix:///home/me/.colima/docker.sock');
  writeContext('far', 'tcp://192.0.2.7:2375');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'colima' }));
  expect(engineAddress(await engineUrl())).toEqual({ socketPath: '/home/me/.colima/docker.sock' });
  vi.stubEnv('DOCKER_CONTEXT', 'far');
  expect(engineAddress(await engineUrl())).toEqual({ host: '192.0.2.7', port: '2375', protocol: 'http' });
});

test('DOCKER_HOST overrides every context', async () => {
  writeContext('colima', 'unix:///home/me/.colima/docker.sock');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'colima' }));
  vi.stubEnv('DOCKER_HOST', 'tcp://[2001:db8::7]');
  expect(engineAddress(await engineUrl())).toEqual({ host: '[2001:db8::7]', port: '2375', protocol: 'http' });
});

test('an address that is not supported is shown in the error', async () => {
  vi.stubEnv('DOCKER_HOST', 'ssh://me@example.test');
  await expect(engineUrl().then(engineAddress)).rejects.toThrow('Expected the engine at unix:// or tcp://, got `ssh://me@example.test`');
});

test('a context that does not exist is an error, and the default socket is not used instead', async () => {
  vi.stubEnv('DOCKER_CONTEXT', 'nosuch');
  await expect(engineUrl()).rejects.toThrow('Expected the docker context `nosuch`');
});

/** An engine that has lost the shims of its containers: it answers /version. It accepts all other requests, and never answers them. */
async function stuckEngine(): Promise<Server> {
  const path = join(folder, 'docker.sock');
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/version')) response.end('{"Version":"0"}');
  }).listen(path);
  await once(server, 'listening');
  onTestFinished(() => { server.close(); });
  vi.stubEnv('DOCKER_HOST', `unix://${path}`);
  return server;
}

test('an answer that never comes is an error after the time limit, and `close` ends the connection', async () => {
  const server = await stuckEngine();
  const { api, close } = await connectEngine();
  const accepted = once(server, 'connection');
  await expect(answerOf('Pinging it', api.ping(), 100)).rejects.toMatchObject({
    code: 'TIME_LIMIT',
    message: 'The docker engine is stuck: Pinging it did not end within 100 ms. Restart the engine, and then run `make down` to remove what is left of the lab.',
  });
  const [socket] = await accepted as [NodeJS.EventEmitter];
  const gone = once(socket, 'close');
  close();
  await gone;
});

test('the start of a lab on a stuck engine fails after the time limit', async () => {
  const server = await stuckEngine();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => { vi.useRealTimers(); });
  const asked: string[] = [];
  const nextQuestion = async (): Promise<void> => {
    const [{ url }] = await once(server, 'request') as [{ url: string }];
    asked.push(url.replace(/\?.*/, ''));
  };
  const failed = docker.start(createTopology()).then(() => null, (error: unknown) => error);
  await nextQuestion();
  await nextQuestion();
  await vi.advanceTimersByTimeAsync(30_000);
  // After the failure, the driver lists the containers again, to remove what the lab has left. That request has a time limit too.
  await nextQuestion();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await failed).toMatchObject({ code: 'TIME_LIMIT', message: expect.stringContaining('The docker engine is stuck: Listing its containers did not end within 30000 ms.') as string });
  expect(asked).toEqual(['/version', '/containers/json', '/containers/json']);
});
