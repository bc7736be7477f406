/** The docker driver when its start is interrupted, on an engine and a docker command that are not real: the build of the image never ends. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTopology } from '../../vocabulary/topology.ts';
import { isAlive, until } from '../../testing/testing.ts';
import { docker } from './docker.ts';

test('an interruption ends the build with all its processes, and the driver looks for what it has to remove', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'docker-interrupt-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); vi.unstubAllEnvs(); });
  const asked: string[] = [];
  const engine = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    if (path !== '/_ping') asked.push(path);
    response.setHeader('content-type', 'application/json').end(path.endsWith('/version') ? '{"Version":"0","KernelVersion":"6.1"}' : '[]');
  }).listen(join(folder, 'docker.sock'));
  onTestFinished(() => { engine.close(); });
  await once(engine, 'listening');
  vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'docker.sock')}`);
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  // `docker compose` runs a plugin: the process that builds is a child of the one that was started.
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\ncase "$*" in *version) exit 0;; esac\nsleep 600 & echo "$$ $!" >${folder}/pids; wait\n`, { mode: 0o755 });

  const controller = new AbortController();
  const starting = docker.start(createTopology(), controller.signal);
  const pids = await until(() => { try { return /^(\d+) (\d+)\n/.exec(readFileSync(join(folder, 'pids'), 'utf8'))?.slice(1).map(Number); } catch { return undefined; } }, 'the build');
  asked.splice(0);
  controller.abort('SIGINT');
  await expect(starting).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'Interrupted by SIGINT.' });
  await until(async () => ((await Promise.all(pids.map(isAlive))).includes(true) ? undefined : true), 'the end of the build');
  expect(asked).toEqual(['/containers/json', '/networks']);
});
