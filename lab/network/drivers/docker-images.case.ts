/** Images on docker: the lab's own, with further programs, old ones; and those that a client comes from. docker.test.ts runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import Docker from 'dockerode';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { scenarios } from '../../../scenarios/index.ts';
import { check } from '../../analysis/checks.ts';
import { clientHost, findClients } from '../../clients/find-client.ts';
import type { FinishedRun } from '../../run/journal.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { defineScenario } from '../../run/scenario.ts';
import { startHandLab } from '../../testing/hand-lab.ts';
import { copyProject } from '../../testing/project-copy.ts';
import { describeWith } from '../../testing/testing.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { docker } from './docker.ts';
import { engineAddress, engineUrl } from './docker-engine.ts';
import { removeOldImages } from './docker-image.ts';

const connect = async (): Promise<Docker> => new Docker(engineAddress(await engineUrl()));
/** Other images are made from this one, because the engine has it. */
const base = process.env['BASE_IMAGE'] ?? 'node:24.21.0-bookworm-slim';
const common = { clientOptions: {}, seed: '1', driver: docker };

/** Makes an image for this test from a Dockerfile without its first line. Returns its name. */
async function imageWith(name: string, ...lines: string[]): Promise<string> {
  const tag = `failover-lab-test-${name}`;
  await execa('docker', ['build', '--tag', tag, '-'], { input: [`FROM ${base}`, ...lines].join('\n') });
  onTestFinished(async () => { await (await connect()).getImage(tag).remove({ force: true }); });
  return tag;
}

/** A run of two requests by a client from an image. Its one check has the results of the requests as its text. */
async function runFrom(clientImage: string, client: string): Promise<FinishedRun> {
  const scenario = defineScenario({
    title: '', teaches: '', predict: '', explains: '', sources: [],
    run: async (stage) => [await stage.client.get(), await stage.client.get()],
    checks: ({ data }) => [check(JSON.stringify(data), true, '')],
  });
  return await runScenario({ ...common, name: 'test', scenario, client, clientImage, signal: new AbortController().signal });
}

const volumes = async (): Promise<string[]> => ((await (await connect()).listVolumes()) as { Volumes: { Name: string }[] | null }).Volumes?.map(({ Name }) => Name) ?? [];

export function images(): void {
  describeWith('docker', 'the images of the lab', () => {
    test('a build shows its steps; an image of other sources is removed when no container uses it', { timeout: 300_000 }, async () => {
      const engine = await connect();
      const tags = async () => (await engine.listImages({ filters: { reference: ['failover-lab'] } })).flatMap(({ RepoTags }) => RepoTags ?? []);
      const before = await tags();
      const { root, edit } = copyProject();
      edit('client/print.ts', (text) => `${text}// The test was here.\n`);
      const owner = spawn(process.execPath, ['lab/network/drivers/network-owner.fixture.ts', 'docker'], { cwd: root, stdio: 'pipe' });
      onTestFinished(() => { owner.kill('SIGKILL'); });
      let stderr = '';
      owner.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      await once(createInterface({ input: owner.stdout }), 'line');
      const old = (await tags()).filter((tag) => !before.includes(tag));
      expect(old).toHaveLength(1);
      expect(stderr).toMatch(new RegExp(`^Building the image ${old.join()}\\. .*\\n(?: {2}\\d+/\\d+ .*\\n)*(?: {2}\\d+/\\d+ COPY client client\\n)(?: {2}\\d+/\\d+ .*\\n)+The image is built, after [\\d.]+ s\\.\\n$`));
      await removeOldImages(engine, '.');
      expect(await tags()).toContain(old[0]);
      owner.stdin.end();
      await once(owner, 'close');
      expect(await removeOldImages(engine, '.')).toBeGreaterThan(0);
      const left = await tags();
      expect(left).not.toContain(old[0]);
      // The image of these sources is there still: the tests of this file have made it.
      expect(left.length).toBeGreaterThan(0);
    });

    test('an image with further programs has them, and what is missing is told in words that fit', { timeout: 300_000 }, async () => {
      vi.stubEnv('WITH', 'nginx-light,wget');
      onTestFinished(() => { vi.unstubAllEnvs(); });
      const { journal } = await runScenario({ ...common, name: 'hot-reload-nginx', scenario: scenarios['hot-reload-nginx'], client: 'wget', signal: new AbortController().signal });
      expect({ ...journal, findings: undefined }).toMatchObject({ verdict: 'pass', error: null, doubts: [], platform: { clientVersion: expect.stringMatching(/^\d/) as string } });
      await using network = await docker.start(createTopology());
      const listed = await findClients(clientHost(network), network.driver);
      expect(listed.find(({ name }) => name === 'wget')).toMatchObject({ version: expect.any(String) as string });
      expect(listed.filter(({ name }) => name === 'perl-lwp' || name === 'node-22-fetch')).toEqual([
        { name: 'node-22-fetch', version: null, reason: 'run it from an image that has it, --client-image node:22' },
        { name: 'perl-lwp', version: null, reason: 'build the image of the lab with it, WITH=libwww-perl,liblwp-protocol-https-perl (docs/docker.md)' },
      ]);
    });
  });

  describeWith('docker', 'the image of a client', () => {
    test.each([
      ['without `sh`', 'no-shell', 'RUN rm /bin/sh', 'it has no program `sh`, '],
      ['without `sleep`', 'no-sleep', 'RUN rm /bin/sleep', 'it has no program `sleep`, '],
      ['with a file at /lab', 'file', 'RUN rm -rf /lab && touch /lab', 'it has a file at /lab or /lab/client, '],
    ])('%s: the message says so', { timeout: 180_000 }, async (_what, name, line, why) => {
      const image = await imageWith(name, line);
      const { journal } = await runFrom(image, 'curl -sS {url}');
      expect(journal).toMatchObject({ status: 'failed', error: expect.stringContaining(`No client can run in the image ${image}: ${why}`) as string });
    });

    test('with a USER: the client runs as this user; the volumes of the image are gone with the lab', { timeout: 180_000 }, async () => {
      const before = await volumes();
      const image = await imageWith('user', 'VOLUME /data', 'USER 1234:1235');
      const { journal } = await runFrom(image, "sh -c 'echo $(id -u) $(id -g); touch in-its-own-folder && : {url}'");
      expect(JSON.parse(journal.checks[0]?.text ?? journal.error ?? '')).toMatchObject([{ ok: true, body: '1234 1235' }, { ok: true }]);
      expect(await volumes()).toEqual(before);
    });

    test('with another Node: the client of that release is found in it', { timeout: 180_000 }, async () => {
      // The release is only said, because the engine may have no other image of Node.
      const image = await imageWith('node-22', String.raw`RUN file=$(command -v node) && mv $file $file-24 && printf '#!/bin/sh\n[ "$1" = --version ] && echo v22.1.0 && exit\nexec %s-24 "$@"\n' $file >$file && chmod +x $file`);
      const { journal } = await runFrom(image, 'node-22-fetch');
      expect(journal).toMatchObject({ status: 'completed', platform: { clientVersion: '22.1.0' }, findings: { requests: { sent: 2, ok: 2 } } });
      const other = await runFrom(image, 'node-20-fetch');
      expect(other.journal.error).toBe(`The client \`node-20-fetch\` is not in the image ${image}. Name an image that has it.`);
    });
  });

  describeWith('docker', 'bin/lab on docker', () => {
    test('exec runs the command after `--` on the host', { timeout: 180_000 }, async () => {
      const { env, down } = await startHandLab('docker');
      const { stdout } = await execa('bin/lab', ['exec', 'client', '--', 'curl', '-s', 'http://web.lab.test:8080/'], { env });
      expect(stdout).toMatch(/^Hello, World from 198\.51\.100\.1[123]$/);
      expect(await down()).toEqual([0, null]);
    });
  });
}
