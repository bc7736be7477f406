/**
 * A lab on docker that something outside disturbs: somebody changes its containers, or the engine goes away. docker.test.ts runs these tests, because
 * its tests count what is on the engine.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import Docker, { type Container } from 'dockerode';
import { expect, onTestFinished, test } from 'vitest';
import type { Journal } from '../../run/journal.ts';
import type { Stage } from '../../run/scenario.ts';
import { runWith } from '../../testing/client-runs.ts';
import { startEngineProxy, type EngineProxy } from '../../testing/engine-proxy.ts';
import { describeWith, until } from '../../testing/testing.ts';
import { docker } from './docker.ts';
import { engineAddress, engineUrl } from './docker-engine.ts';
import { removeDockerLabs } from './docker-leftovers.ts';
import { ownerLabel, parseOwner } from './docker-owner.ts';

const engine = async (): Promise<Docker> => new Docker(engineAddress(await engineUrl()));
/** The running containers of a service: of all labs, or of the lab that a process owns. */
const containersOf = async (service: string, owner?: number): Promise<Container[]> => {
  const api = await engine();
  const found = await api.listContainers({ filters: { label: [ownerLabel, `com.docker.compose.service=${service}`] } });
  return found.filter(({ Labels }) => owner === undefined || parseOwner(Labels[ownerLabel])?.pid === owner).map(({ Id }) => api.getContainer(Id));
};

/** What somebody does to the container of a host, and what the run then says. A run that goes on has no error. */
const disturbances: [what: string, host: string, act: (container: Container) => Promise<unknown>, doubt: string, error: string | null][] = [
  ['a pause of dns', 'dns', async (container) => { await container.pause(); await container.unpause(); }, 'the container of dns was paused from outside the lab', null],
  ['a disconnection of the client', 'client', async (container) => {
    const [name = ''] = Object.keys((await container.inspect()).NetworkSettings.Networks);
    await (await engine()).getNetwork(name).disconnect({ Container: container.id });
  }, 'the container of client was disconnected from the network ', null],
  ['other limits for a backend', 'backend-1', (container) => container.update({ CpuShares: 512 }), 'the container of backend-1 was given other limits from outside the lab', null],
  ['the end of a backend', 'backend-2', (container) => container.kill(), 'the container of backend-2 was sent signal 9 from outside the lab', 'The lab network ended during the run: The container of backend-2 ended with exit code 137.'],
  ['the removal of the client', 'client', (container) => container.remove({ force: true }), 'the container of client was sent signal 9 from outside the lab', 'The lab network ended during the run: The container of client ended with exit code 137.'],
  ['a stop of the observer', 'observer', (container) => container.stop(), 'the container of observer was sent signal 15 from outside the lab', 'The lab network ended during the run: The container of observer ended with exit code 143.'],
];

/** Runs `lab run` in a process of its own, on the engine behind a proxy. `seen` resolves when a line of its output matches. */
function labRun(scenario: string, { url }: EngineProxy): { pid: number; seen(pattern: RegExp): Promise<void>; ended: Promise<{ code: number | null; output: string }> } {
  const started = spawn('bin/lab', ['run', scenario, '--driver', 'docker'], { env: { ...process.env, DOCKER_HOST: url } });
  onTestFinished(() => { started.kill('SIGKILL'); });
  const lines: string[] = [];
  for (const stream of [started.stdout, started.stderr]) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const ended = once(started, 'close').then(([code]) => ({ code: code as number | null, output: lines.join('\n') }));
  return {
    // bin/lab becomes the process of the run (exec).
    pid: started.pid ?? 0,
    seen: async (pattern) => {
      while (!lines.some((line) => pattern.test(line))) await Promise.race([once(started.stdout, 'data'), ended.then(({ output }) => { throw new Error(output); })]);
    },
    ended,
  };
}

/** From the loss of the engine to the end of the run: two questions of 8 s and the pauses around them, which is 20 s; three times that on a busy machine. */
const endLimitMs = 60_000;

interface Loss {
  how: 'freeze' | 'end';
  when: 'during the scenario' | 'during the set-up';
  /** The line of the run's output after which the engine is lost. */
  at: RegExp;
  code: number;
  reason: RegExp;
}

const losses: Loss[] = [
  { how: 'freeze', when: 'during the scenario', at: /GET .* #2/, code: 2, reason: /The docker engine at unix:\S+ hangs: it has not answered for 16000 ms\./ },
  { how: 'end', when: 'during the scenario', at: /GET .* #2/, code: 2, reason: /The docker engine at unix:\S+ ended/ },
  { how: 'freeze', when: 'during the set-up', at: /predict/, code: 3, reason: /The docker engine at unix:\S+ hangs: it has not answered for 16000 ms\. What the lab has on the engine is left there\./ },
  { how: 'end', when: 'during the set-up', at: /predict/, code: 3, reason: /The docker engine at unix:\S+ ended/ },
];

/** Takes the engine away from a run, and expects that the run ends and says why. */
async function loseEngine({ how, when, at, code, reason }: Loss): Promise<void> {
  const proxy = await startEngineProxy();
  const { pid, seen, ended } = labRun('slow-ipv6', proxy);
  await seen(at);
  if (when === 'during the set-up') await until(async () => ((await containersOf('dns', pid)).length > 0 ? true : undefined), 'a container');
  proxy[how]();
  const since = performance.now();
  const { code: seenCode, output } = await ended;
  expect(performance.now() - since).toBeLessThan(endLimitMs);
  expect(seenCode, output).toBe(code);
  expect(output).toMatch(reason);
  expect(output).toMatch(code === 2 ? /^UNKNOWN {2}slow-ipv6 \(disturbed\)/m : /^UNKNOWN {2}slow-ipv6 \(failed\)/m);
  expect(output).not.toContain('    at ');
  const journal = JSON.parse(readFileSync(`${/^ +(results\/\S+)$/m.exec(output)?.[1] ?? ''}/journal.json`, 'utf8')) as Journal;
  expect(journal).toMatchObject({ verdict: 'unknown', error: expect.stringMatching(reason) as string });
}

/** The engine itself was never away, so the containers of a run that lost it are there. Nobody owns them any more. */
async function removeLeft(): Promise<void> {
  expect((await removeDockerLabs()).labs).toBeGreaterThan(0);
  expect(await (await engine()).listContainers({ all: true, filters: { label: [ownerLabel] } })).toEqual([]);
}

export function disturbedLabs(): void {
  describeWith('docker', 'a lab on docker that is disturbed from outside', () => {
    test.each(disturbances)('%s: the verdict is unknown, and the reason is a doubt', { timeout: 180_000 }, async (_what, host, act, doubt, error) => {
      // A run with this client ends by itself only after 15 minutes.
      const { journal } = await runWith('curl -sS {url}', async ({ client, until: seen }: Stage) => {
        await client.get();
        const [container] = await containersOf(host);
        await act(container as Container);
        if (!(await seen((event) => event.event === 'lab:process-trouble' && `${event.process} ${event.reason}`.startsWith(doubt), 10_000))) throw new Error(`expected to see: ${doubt}`);
        if (error !== null) await seen(() => false, 600_000);
      }, { driver: docker });
      expect(journal).toMatchObject({ verdict: 'unknown', status: error === null ? 'completed' : 'disturbed', error, findings: { requests: { ok: 1 } } });
      expect(journal.doubts.filter((each) => each.startsWith(doubt))).toHaveLength(1);
      expect(await (await engine()).listContainers({ all: true, filters: { label: [ownerLabel] } })).toEqual([]);
    });

    test.each(losses.filter(({ how }) => how === 'end'))('$how $when: the run says why, writes its files, and ends', { timeout: 240_000 }, async (loss) => {
      await loseEngine(loss);
      await removeLeft();
    });

    // Side by side, because each of these runs waits 16 s for the engine, and then asks it once more.
    const frozen = losses.filter(({ how }) => how === 'freeze');
    test(`freeze ${frozen.map(({ when }) => when).join(', and ')}: the run says why, writes its files, and ends`, { timeout: 240_000 }, async () => {
      await Promise.all(frozen.map(loseEngine));
      await removeLeft();
    });
  });
}
