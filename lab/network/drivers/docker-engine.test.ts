import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../testing/testing.ts';
import { docker } from './docker.ts';
import { answerOf, connectEngine, engineAddress, engineUrl } from './docker-engine.ts';
import { ownerLabel, thisProcess, type Owner } from './docker-owner.ts';
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

/** An engine that answers a request (`GET /version`) with a status and a JSON value, or never, where `answer` returns null. */
async function fakeEngine(answer: (asked: string, query: URLSearchParams) => [status: number, body: unknown] | null): Promise<Server> {
  const path = join(folder, 'docker.sock');
  const server = createServer(({ method = '', url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://engine.test');
    const answered = answer(`${method} ${pathname}`, searchParams);
    if (answered) response.writeHead(answered[0], { 'content-type': 'application/json' }).end(JSON.stringify(answered[1]));
  }).listen(path);
  await once(server, 'listening');
  onTestFinished(() => { server.close(); });
  vi.stubEnv('DOCKER_HOST', `unix://${path}`);
  return server;
}

/** An engine that has lost the shims of its containers: it answers /version. It accepts all other requests, and never answers them. */
const stuckEngine = (): Promise<Server> => fakeEngine((asked) => (asked === 'GET /version' ? [200, { Version: '0' }] : null));

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
  server.on('request', ({ url = '' }: { url?: string }) => { if (!url.startsWith('/_ping')) asked.push(url.replace(/\?.*/, '')); });
  const have = (count: number) => until(() => (asked.length >= count ? true : undefined), `${count} questions`);
  const failed = docker.start(createTopology()).then(() => null, (error: unknown) => error);
  await have(3);
  await vi.advanceTimersByTimeAsync(30_000);
  // After the failure, the driver lists the containers again, to remove what the lab has left. That request has a time limit too.
  await have(4);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await failed).toMatchObject({ code: 'TIME_LIMIT', message: expect.stringContaining('The docker engine is stuck: Listing its containers did not end within 30000 ms.') as string });
  expect(asked).toEqual(['/version', '/containers/json', '/networks', '/containers/json']);
});

/**
 * Starts a lab on an engine whose clock is ahead of this machine's, with one running container that no run holds by an exec. Returns what was removed.
 */
async function removedBeside({ aheadS = 0, ageS, owner = {} }: { aheadS?: number; ageS: number; owner?: Partial<Owner> }): Promise<string[]> {
  const engineNowMs = Date.now() + aheadS * 1000;
  const labels = { [ownerLabel]: JSON.stringify({ ...thisProcess(), machine: 'another machine', ...owner }), 'com.docker.compose.project': 'left' };
  const answers: Record<string, [number, unknown]> = {
    'GET /version': [200, { Version: '0' }],
    'GET /info': [200, { SystemTime: new Date(engineNowMs).toISOString().replace('Z', '123456Z') }],
    'GET /containers/json': [200, [{ Id: 'left', State: 'running', Created: Math.floor(engineNowMs / 1000 - ageS), Labels: labels }]],
    'GET /containers/left/json': [200, { ExecIDs: null }],
    'DELETE /containers/left': [204, ''],
    'GET /networks': [200, []],
  };
  const removed: string[] = [];
  const server = await fakeEngine((asked, query) => {
    if (asked.startsWith('DELETE')) removed.push(asked);
    // The start fails, and then removes what is its own: nothing.
    if (query.get('filters')?.includes('failover-lab-run-')) return [200, []];
    // What comes after the removal is not part of the test.
    return answers[asked] ?? [500, { message: 'the engine of the test has no answer' }];
  });
  await expect(docker.start(createTopology())).rejects.toThrow();
  server.close();
  return [...new Set(removed)];
}

const leftOver = ['DELETE /containers/left'];

test.each([0, 3600, -3600])('a container of another machine that was made 2 s ago by the engine’s clock, %i s ahead of this machine’s, belongs to a lab that is starting', async (aheadS) => {
  expect(await removedBeside({ aheadS, ageS: 2 })).toEqual([]);
});

test.each([0, 3600, -3600])('a container of another machine that was made 60 s ago by the engine’s clock, %i s ahead of this machine’s, is what a killed run has left', async (aheadS) => {
  expect(await removedBeside({ aheadS, ageS: 60 })).toEqual(leftOver);
});

test('a container from the engine’s future is what a killed run left before the clock was set back', async () => {
  expect(await removedBeside({ ageS: -3600 })).toEqual(leftOver);
});

test('on this machine the owner decides: its lab stays as long as it runs, and goes at once when it was killed', async () => {
  const { machine } = thisProcess();
  expect(await removedBeside({ ageS: 60, owner: { machine } })).toEqual([]);
  const killed = spawn('sleep', ['600']);
  const gone = once(killed, 'exit');
  killed.kill('SIGKILL');
  await gone;
  expect(await removedBeside({ ageS: 0, owner: { machine, pid: killed.pid ?? 0 } })).toEqual(leftOver);
  // Another process has the pid now.
  expect(await removedBeside({ ageS: 0, owner: { machine, started: '1' } })).toEqual(leftOver);
});

/** A machine with a `docker compose` that works, or without any compose. */
function stubCompose(works: boolean): void {
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\nexit ${works ? 0 : 1}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', folder);
  // The command of compose is looked for once in a process.
  vi.resetModules();
}
const down = async () => await (await import('./docker-leftovers.ts')).removeDockerLabs();

test.each([
  ['no engine', 'unix:///no-such-folder/docker.sock', /^No docker engine answers\. .*ENOENT/],
  ['an address that is not supported', 'ssh://me@example.test', /^Expected the engine at unix:\/\/ or tcp:\/\/, got `ssh:/],
])('with %s, `make down` says what it could not ask, and without compose it says nothing', async (_what, url, notAsked) => {
  vi.stubEnv('DOCKER_HOST', url);
  stubCompose(true);
  expect(await down()).toEqual({ labs: 0, images: 0, left: [], notAsked: expect.stringMatching(notAsked) as string });
  stubCompose(false);
  expect(await down()).toEqual({ labs: 0, images: 0, left: [], notAsked: null });
});

test('a base image that was made again under its name gives another image of the lab', async () => {
  vi.stubEnv('BASE_IMAGE', 'base.test');
  /** Returns the name of the image that a start looks for. `base` is what the engine knows of the base image. */
  const imageAskedFor = async (base: [number, unknown]): Promise<string> => {
    const asked: string[] = [];
    const server = await fakeEngine((request, query) => {
      if (request === 'GET /images/base.test/json') return base;
      if (request === 'GET /images/json') asked.push(...(JSON.parse(query.get('filters') ?? '{}') as { reference: string[] }).reference);
      return request === 'GET /images/json' ? [500, { message: 'the end of the test' }] : [200, []];
    });
    await expect(docker.start(createTopology())).rejects.toMatchObject({ message: expect.stringContaining('the end of the test') as string });
    server.close();
    return asked.join();
  };
  const first = await imageAskedFor([200, { Id: 'sha256:1' }]);
  const again = await imageAskedFor([200, { Id: 'sha256:1' }]);
  const other = await imageAskedFor([200, { Id: 'sha256:2' }]);
  const absent = await imageAskedFor([404, { message: 'No such image' }]);
  expect(first).toMatch(/^failover-lab:[0-9a-f]{12}-[0-9a-f]{8}$/);
  expect(again).toBe(first);
  expect(new Set([first, other, absent]).size).toBe(3);
});
