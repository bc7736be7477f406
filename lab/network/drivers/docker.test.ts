import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { execa } from 'execa';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { driverContract } from './contract.case.ts';
import { docker } from './docker.ts';
import { disturbedLabs } from './docker-disturbed.case.ts';
import { composeCommand, engineAddress, engineUrl } from './docker-engine.ts';
import { copiedFiles } from './docker-image.ts';
import { images } from './docker-images.case.ts';
import { removeDockerLabs } from './docker-leftovers.ts';
import { ownerLabel } from './docker-owner.ts';
import { faultNamed, faultNames } from '../../faults/index.ts';
import { Timeline } from '../../run/timeline.ts';
import { startLab } from '../../run/lab.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { defineScenario } from '../../run/scenario.ts';
import { check } from '../../analysis/checks.ts';
import { copyProject } from '../../testing/project-copy.ts';
import { describeWith, until, whyMissing } from '../../testing/testing.ts';
import { commandsOfThePage } from '../../../docs/docker.case.ts';
import { backendArgv, dnsArgv } from '../programs.ts';
import { createTopology, hostsOf, webName } from '../../vocabulary/topology.ts';

// When the sources change, the first start builds another image. That happens here, with a time limit of its own.
beforeAll(async () => {
  if (whyMissing('docker') !== null) return;
  const network = await docker.start(createTopology());
  await network[Symbol.asyncDispose]();
}, 600_000);

driverContract(docker, ['docker']);
commandsOfThePage();
images();
disturbedLabs();

const topology = createTopology();
const label = ['failover-lab'];
const labelled = async (): Promise<number> => {
  const engine = new Docker(engineAddress(await engineUrl()));
  const [containers, networks] = await Promise.all([engine.listContainers({ all: true, filters: { label } }), engine.listNetworks({ filters: { label } })]);
  return containers.length + networks.length;
};

/** The process that owns a lab of a copy of this project. `up` resolves when the lab is up, and rejects with the stderr of a process that failed. */
function ownerIn(root: string): { owner: ChildProcess; up: Promise<void> } {
  const owner = spawn(process.execPath, ['lab/network/drivers/network-owner.fixture.ts', 'docker'], { cwd: root, stdio: 'pipe' });
  onTestFinished(() => { owner.kill('SIGKILL'); });
  let stderr = '';
  owner.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const failed = once(owner, 'close').then(() => { throw new Error(stderr); });
  failed.catch(() => undefined);
  return { owner, up: Promise.race([once(createInterface({ input: owner.stdout }), 'line').then(() => undefined), failed]) };
}

/** Removes at the end of the test the images that it has built. */
async function forgetNewImages(engine: Docker): Promise<void> {
  const tags = async () => (await engine.listImages({ filters: { reference: ['failover-lab'] } })).flatMap(({ RepoTags }) => RepoTags ?? []);
  const before = await tags();
  onTestFinished(async () => {
    for (const tag of await tags()) if (!before.includes(tag)) await engine.getImage(tag).remove();
  });
}

describeWith('docker', 'the image', () => {
  test('holds exactly the files that its tag is made of, with their modes', { timeout: 180_000 }, async () => {
    await using network = await docker.start(topology);
    const listed = async (print: string) => (await network.host('client').run(['sh', '-c', `cd /lab && find . -path ./node_modules -prune -o -path ./.cache -prune -o -path ./build -prune -o ! -type d ${print}`])).stdout.trim().split('\n').sort();
    const files = await copiedFiles('.');
    expect(await listed("-printf '%m %P\\n'")).toEqual(files.map((file) => `${(statSync(file).mode & 0o7777).toString(8)} ${file}`).sort());
    expect(await listed('-exec sha256sum {} +')).toEqual(files.map((file) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ./${file}`).sort());
  });

  test('is built anew after a change of any file that it holds, and the next run has the change', { timeout: 120_000 }, async () => {
    const engine = new Docker(engineAddress(await engineUrl()));
    await forgetNewImages(engine);
    const { root, edit } = copyProject();
    const files = ['client/external/programs/node_http.mjs', 'client/external/programs/lab_protocol.py', 'package.json'];
    for (const file of files) edit(file, (text) => text.replace(/\n$/, file.endsWith('json') ? '\n\n' : '\n# The test was here.\n'));
    const { owner, up } = ownerIn(root);
    await up;
    const [client] = await engine.listContainers({ filters: { label: [ownerLabel, 'com.docker.compose.service=client'] } });
    const { stdout } = await execa('docker', ['exec', client?.Id ?? '', 'cat', ...files.map((file) => `/lab/${file}`)], { stripFinalNewline: false });
    expect(stdout).toBe(files.map((file) => readFileSync(join(root, file), 'utf8')).join(''));
    expect(stdout).not.toBe(files.map((file) => readFileSync(file, 'utf8')).join(''));
    owner.stdin?.end();
    await once(owner, 'close');
    expect(await labelled()).toBe(0);
  });

  test('if it cannot be built, the message shows the last lines of what failed, and nothing is left behind', { timeout: 180_000 }, async () => {
    const { root, edit } = copyProject();
    edit('Dockerfile', (text) => text.replace('COPY lab lab', 'RUN echo begun; no-such-program --of-the-test\nCOPY lab lab'));
    await expect(ownerIn(root).up).rejects.toThrow(/The docker engine could not start the lab: Command failed with exit code \d+: .* build dns\. Its last lines:\n(.*\n)*.*no-such-program: not found\n/);
    expect(await labelled()).toBe(0);
  });
});

describeWith('docker', 'a lab on docker', () => {
  test.each([1, 5])('has %i backends if it is asked for so many: more than compose.yaml has, or fewer', { timeout: 180_000 }, async (backends) => {
    await using lab = await startLab({ driver: docker, timeline: new Timeline(), seed: '1', topology: { backends } });
    const engine = new Docker(engineAddress(await engineUrl()));
    const services = (await engine.listContainers({ filters: { label: [ownerLabel] } })).map(({ Labels }) => Labels['com.docker.compose.service'] ?? '');
    expect(services.sort()).toEqual(hostsOf(lab.topology).sort());
    const last = lab.topology.backends.at(-1) ?? 'backend-1';
    const get = async () => (await lab.host('client').run(['curl', '-4sS', '--max-time', '5', `http://${last}.lab.test:8080/`])).stdout;
    expect(await get()).toBe(`Hello, World from ${lab.topology.hosts[last].ipv4}\n`);
    const killed = await lab.apply('kill', last);
    expect([killed.observation.seen, await get()]).toEqual([true, '']);
    await killed.heal();
    expect(lab.doubts).toEqual([]);
  });

  test('the queries reach the DNS server from the client’s own address, and AAAA answers arrive', { timeout: 180_000 }, async () => {
    const timeline = new Timeline();
    await using lab = await startLab({ driver: docker, timeline, seed: '1' });
    await lab.dns.aaaa(true);
    const { stdout } = await lab.host('client').run(['getent', 'ahosts', webName]);
    await lab.settle();
    const queries = timeline.events.filter((event) => event.event === 'dns:query' && event.name === webName);
    // Docker's embedded resolver would ask from another address, or not at all.
    expect(new Set(queries.map((event) => (event.event === 'dns:query' ? event.from : '')))).toEqual(new Set([topology.hosts.client.ipv4]));
    expect(queries.map((event) => (event.event === 'dns:query' ? event.type : '')).sort()).toEqual(['A', 'AAAA']);
    expect(stdout).toMatch(/^2001:db8:1::1[123] /m);
  });

  test('every fault takes effect and heals, on each kind of host that it can act on', { timeout: 180_000 }, async () => {
    // The backends speak TLS and HTTP/2, so that every fault can act on them.
    await using lab = await startLab({ driver: docker, timeline: new Timeline(), seed: '1', topology: { https: true } });
    const { backends } = lab.topology;
    // The faults are spread over the hosts, and the hosts take turns side by side: most of the time the observer waits.
    const ofDns = faultNames.filter((fault) => faultNamed(fault).on.includes('dns'));
    const ofBackends = faultNames.filter((fault) => faultNamed(fault).on.includes('backend'));
    const shares = [{ host: 'dns' as const, mine: ofDns }, ...backends.map((host, index) => ({ host, mine: ofBackends.filter((_, at) => at % backends.length === index) }))];
    await Promise.all(shares.map(async ({ host, mine }) => {
      for (const fault of mine) await (await lab.apply(fault, host)).heal();
    }));
    expect(lab.doubts).toEqual([]);
    for (const { host, mine } of shares) {
      const told = (name: string): string[] => lab.timeline.events.flatMap((event) => (event.event === name && 'fault' in event && event.host === host ? [event.fault] : []));
      const titles = mine.map((fault) => `${fault} ${host}`);
      expect(told('fault:verified')).toEqual(titles);
      expect(told('fault:healed')).toEqual(titles);
    }
    expect(lab.inForce).toEqual([]);
  });

  test.each([0, 1_000])('two runs that start %i ms apart both pass, and each removes what is its own', { timeout: 180_000 }, async (apartMs) => {
    const run = (name: string) => execa('bin/lab', ['run', name, '--driver', 'docker'], { reject: false, all: true });
    const runs = [run('all-down'), sleep(apartMs).then(() => run('keep-alive'))];
    for (const { exitCode, all } of await Promise.all(runs)) expect({ exitCode, all }).toEqual({ exitCode: 0, all: expect.stringMatching(/^PASS {2}/m) as string });
    expect(await labelled()).toBe(0);
  });

  test('the containers of a killed run end by themselves, and the next run removes them', { timeout: 180_000 }, async () => {
    const owner = spawn(process.execPath, ['lab/network/drivers/network-owner.fixture.ts', 'docker'], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => { owner.kill('SIGKILL'); });
    await once(createInterface({ input: owner.stdout }), 'line');
    owner.kill('SIGKILL');
    const engine = new Docker(engineAddress(await engineUrl()));
    await until(async () => ((await engine.listContainers({ filters: { label } })).length === 0 ? true : undefined), 'the end of the containers');
    expect(await labelled()).toBeGreaterThan(0);
    const next = await docker.start(topology);
    await next[Symbol.asyncDispose]();
    expect(await labelled()).toBe(0);
  });

  test('what a killed run has left can be removed by two processes at the same time', { timeout: 180_000 }, async () => {
    const { owner, up } = ownerIn('.');
    await up;
    const whileUp = await removeDockerLabs();
    expect(whileUp).toMatchObject({ labs: 0, left: [expect.stringMatching(new RegExp(`^A lab is up on docker, and stays: it belongs to .*, pid ${owner.pid} \\(6 containers\\)`)) as string], notAsked: null });
    owner.kill('SIGKILL');
    await once(owner, 'close');
    for (const { left, notAsked } of await Promise.all([removeDockerLabs(), removeDockerLabs()])) expect({ left, notAsked }).toEqual({ left: [], notAsked: null });
    expect(await labelled()).toBe(0);
  });

  test('a lab by hand with the same addresses stays as it is, also if its compose project has the name of this project', { timeout: 180_000 }, async () => {
    const engine = new Docker(engineAddress(await engineUrl()));
    const [image] = (await engine.listImages({ filters: { reference: ['failover-lab'] } })).sort((a, b) => b.Created - a.Created);
    const tag = image?.RepoTags?.[0]?.split(':')[1] ?? '';
    const compose = async (...args: string[]) => {
      const [file = '', ...before] = await composeCommand();
      return await execa(file, [...before, '--project-name', 'failover-lab', ...args], { env: { LAB_IMAGE_TAG: tag } });
    };
    onTestFinished(async () => { await compose('down', '--timeout', '0'); });
    const runtimeFolder = mkdtempSync(join(tmpdir(), 'docker-down-'));
    onTestFinished(() => { rmSync(runtimeFolder, { recursive: true }); });
    await compose('up', '--detach', '--no-build');
    const { exitCode, all } = await execa('bin/lab', ['run', 'keep-alive', '--driver', 'docker'], { reject: false, all: true });
    expect({ exitCode, all }).toEqual({ exitCode: 0, all: expect.stringMatching(/^PASS {2}/m) as string });
    const { stdout } = await execa('bin/lab', ['down'], { env: { XDG_RUNTIME_DIR: runtimeFolder } });
    expect(stdout).toBe('A lab by hand is on docker, and stays. To remove it: docker compose --project-name failover-lab down');
    expect((await compose('exec', '-T', 'client', 'curl', '-sS', 'http://web.lab.test:8080/')).stdout).toMatch(/^Hello, World from 198\.51\.100\.1[123]$/);
  });
});

test('the lab by hand starts its services with the same options as the driver', () => {
  const text = readFileSync('compose.override.yaml', 'utf8');
  const given = [...text.matchAll(/\{"listen".*"seed": "1"\}|\{"listen"[\s\S]*?\]\}/g)].map(([json]) => JSON.parse(json) as unknown);
  const wanted = [dnsArgv(topology, '1'), ...topology.backends.map((name) => backendArgv(topology, name, '1'))].map((argv) => JSON.parse(argv.at(-1) ?? '') as unknown);
  expect(given).toEqual(wanted);
});

describeWith('docker', 'a client from an image', () => {
  // Any image will do that the lab did not make. This one is on the engine, because the lab's own image is made from it.
  const image = process.env['BASE_IMAGE'] ?? 'node:24.21.0-bookworm-slim';
  const scenario = defineScenario({
    title: '', teaches: '', predict: '', explains: '', sources: [],
    run: async ({ client }) => [await client.get(), await client.get()],
    checks: ({ data }) => [check(JSON.stringify(data), true, '')],
  });
  const run = (client: string, clientImage: string) =>
    runScenario({ name: 'test', scenario, driver: docker, client, clientImage, clientOptions: {}, seed: '1', signal: new AbortController().signal });

  test("has the lab's addresses and resolver and the image's files, and leaves nothing behind", { timeout: 180_000 }, async () => {
    const { journal, events } = await run("sh -c 'ls -d /lab/services; cat /etc/resolv.conf; : {url}'", image);
    expect({ error: journal.error, doubts: journal.doubts }).toEqual({ error: null, doubts: [] });
    // The image does not have /lab/services, so `ls` prints nothing on stdout.
    expect(JSON.parse(journal.checks[0]?.text ?? '')).toMatchObject([{ ok: true, body: 'nameserver 198.51.100.53' }, { ok: true }]);
    expect(events.filter(({ event }) => event === 'client:response')).toHaveLength(2);
    expect(await labelled()).toBe(0);
  });

  test('runs the programs of the client profiles; the DNS server, the backends and the wire see its requests', { timeout: 180_000 }, async () => {
    const { journal, events } = await run('node /lab/client/external/programs/node_fetch.mjs', image);
    expect(journal).toMatchObject({ status: 'completed', clientImage: image, doubts: [], findings: { requests: { sent: 2, ok: 2 }, connections: { opened: 1, reused: 1 } } });
    const own = events.flatMap((event) => ((event.event === 'backend:request' || event.event === 'dns:query') && event.tMs > 0 ? [event.from] : []));
    expect(new Set(own)).toEqual(new Set([topology.hosts.client.ipv4]));
    expect(await labelled()).toBe(0);
  });

  test('fails the run if the image cannot be pulled, and leaves nothing behind', { timeout: 180_000 }, async () => {
    const { journal } = await run('curl {url}', 'no-such-image.invalid/x:1');
    expect(journal).toMatchObject({ status: 'failed', error: expect.stringMatching(/^The image no-such-image\.invalid\/x:1 is not on the engine, and could not be pulled: /) as string });
    expect(await labelled()).toBe(0);
  });
});
