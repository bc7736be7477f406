/**
 * The docker driver: each host is a container of compose.yaml. Compose makes and removes the containers. Everything else goes over
 * the engine's API, so the engine may run on another machine: nothing is mounted, and this process does not have to reach the lab's addresses.
 *
 * Each container idles (`sleep infinity` under an init). The driver starts processes in it by exec, as the netns driver starts them in a
 * namespace. So a killed server leaves its host in place. If the container were killed, the host's addresses would be gone too.
 */
import type { default as Docker, Container, ContainerInfo } from 'dockerode';
import { execa } from 'execa';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { interruptionOf } from '../../vocabulary/limits.ts';
import { readLines } from '../../vocabulary/lines.ts';
import { projectRoot } from '../../vocabulary/project.ts';
import { hostNames, type HostName, type Topology } from '../../vocabulary/topology.ts';
import { answerOf, composeCommand, connectEngine, type Engine } from './docker-engine.ts';
import { startGuest, type Guest } from './docker-guest.ts';
import { createDockerHost } from './docker-host.ts';
import { buildImage, hasImage, imageTag, removeOldImages } from './docker-image.ts';
import { withSysctls } from './docker-sysctls.ts';
import { dockerRequirements, explainDockerFailure } from './docker-requirements.ts';
import type { Driver, Host, Network } from './driver.ts';

/** The compose project of every lab that this driver makes. A lab by hand has another project, whose name compose chooses. */
const project = 'failover-lab';
const projectLabel = [`com.docker.compose.project=${project}`];
/** A lab whose containers are younger than this is taken for one that is starting. Its containers run before the driver holds them; that takes 2 s. */
const startingS = 20;
/** A build takes one or two minutes if packages must be fetched. */
const buildLimitMs = 600_000;
const upLimitMs = 60_000;
const downLimitMs = 60_000;

/** The driver for every machine that has a docker engine. */
export const docker: Driver = {
  name: 'docker',
  // All labs have the same addresses, and the engine refuses a second network with the same subnets.
  maxLabs: 1,
  requirements: dockerRequirements,
  start: startNetwork,
};

async function startNetwork(topology: Topology, signal?: AbortSignal): Promise<Network> {
  let engine: Engine | undefined;
  const over = new AbortController();
  const close = (): void => {
    over.abort();
    engine?.close();
  };
  try {
    engine = await connectEngine();
    const { api, url } = engine;
    const version = await answerOf('Reading its version', api.version());
    await removeEndedLab(api);
    const tag = await imageTag(projectRoot, await ownBase(api));
    const settings = composeSettings(topology, url, tag);
    // The image is built once, here. Compose v2 would build it for all six hosts at the same time.
    if (!(await hasImage(api, tag))) await buildImage(tag, (onLine) => compose(['build', 'dns'], settings, buildLimitMs, { signal, onLine }));
    signal?.throwIfAborted();
    await withSysctls(topology.clientSysctls, version.KernelVersion, (files) => compose(['up', '--detach', '--no-build'], settings, upLimitMs, { files, signal }));
    signal?.throwIfAborted();
    const containers = await containersByHost(api);
    const absent = hostNames.find((name) => !containers.has(name));
    if (absent) throw new LabError('START_FAILED', `The container of ${absent} ended while it started: ${await lastWords(api, absent)}`);
    const hosts = new Map<HostName, Host>();
    const hold = async (name: HostName): Promise<void> => {
      const container = containerOf(containers, name);
      try {
        hosts.set(name, await createDockerHost(name, container, url, over.signal));
      } catch (error) {
        const { State } = await answerOf(`Inspecting the container of ${name}`, container.inspect());
        if (State.Running) throw error;
        throw new LabError('START_FAILED', `The container of ${name} ended while it started: ${await lastWords(api, name)}`, { cause: error });
      }
    };
    await Promise.all(hostNames.map(hold));
    let stopping: Promise<void> | undefined;
    const guests: Guest[] = [];
    const stop = async (): Promise<void> => {
      // If the engine is stuck, this fails after its time limit. compose would wait for the stuck engine.
      await answerOf('Pinging it', api.ping());
      // The guests are removed first: compose does not know them, and they still use the client's network.
      await Promise.all(guests.map(({ remove }) => remove())).catch(() => undefined);
      await compose(['down', '--timeout', '0', '--volumes'], settings, downLimitMs).catch(() => removeLabelled(api, projectLabel));
    };
    return {
      driver: 'docker',
      engine: `docker ${version.Version}`,
      runtime: { node: 'node', root: '/lab', build: '/lab/build' },
      // In the container, which is removed with the network.
      scratch: '/tmp',
      host: (name) => hosts.get(name) as Host,
      clientFrom: async (image) => {
        const labels = { 'failover-lab': 'client', 'com.docker.compose.project': project };
        const guest = await startGuest(api, containerOf(containers, 'client'), image, labels, url, over.signal);
        guests.push(guest);
        return guest.host;
      },
      ended: Promise.race(hostNames.map(async (name) => {
        await containerOf(containers, name).wait();
        return `the container of ${name} ended`;
      })).catch(messageOf),
      [Symbol.asyncDispose]: () => (stopping ??= stop().finally(close)),
    };
  } catch (error) {
    const explained = explainDockerFailure(error);
    // BAD_INPUT: another lab is up, or another network has the addresses. The driver must not remove either.
    if (engine && explained.code !== 'BAD_INPUT') await removeLabelled(engine.api, projectLabel).catch(() => undefined);
    close();
    throw signal?.aborted ? interruptionOf(signal) : explained;
  }
}

/** Returns the variables that compose.yaml reads, and the address of the engine: Compose v1 does not know docker contexts. */
function composeSettings({ hosts }: Topology, url: string, tag: string): Record<string, string> {
  return {
    DOCKER_HOST: url,
    LAB_IMAGE_TAG: tag,
    LAB_CLIENT_IPV4: hosts.client.ipv4,
    LAB_IPV6_NETWORK: hosts.dns.ipv6.replace(/:53$/, ''),
    COMPOSE_IGNORE_ORPHANS: 'true',
  };
}

/**
 * Runs compose on compose.yaml. `files` are `--file` arguments for further compose files. `onLine` gets each line that it writes. When `signal`
 * aborts, compose is ended.
 * @throws the error of execa, with all output of compose.
 */
async function compose(args: string[], settings: Record<string, string>, limitMs: number, { files = [], signal, onLine }: { files?: string[]; signal?: AbortSignal | undefined; onLine?: (line: string) => void } = {}): Promise<void> {
  const [file = '', ...before] = await composeCommand();
  const running = execa(file, [...before, '--project-name', project, '--file', 'compose.yaml', ...files, ...args], {
    cwd: projectRoot,
    timeout: limitMs,
    stdin: 'ignore',
    // A build tells what failed on stdout or on stderr, depending on compose and on the builder.
    all: true,
    // Ctrl-C at the terminal must reach only this process. compose would stop at once, and leave half a lab behind.
    detached: true,
    env: settings,
  });
  if (onLine) readLines(running.all, onLine);
  // `docker compose` is a plugin, a process of its own. So the signal goes to the whole process group.
  const end = (): void => {
    try {
      if (running.pid !== undefined) process.kill(-running.pid, 'SIGTERM');
    } catch {
      // compose has just ended by itself.
    }
  };
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  try {
    await running;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

/**
 * Returns what identifies the user's own base image (BASE_IMAGE): its id, because it may be made again under the same name, or its name as
 * long as the engine does not have it. Empty without BASE_IMAGE.
 */
async function ownBase(engine: Docker): Promise<string> {
  const name = process.env['BASE_IMAGE'];
  if (!name) return '';
  return await answerOf(`Looking for the image ${name}`, engine.getImage(name).inspect().then(({ Id }) => Id, () => name));
}

/**
 * Removes what a killed run has left behind: its containers have ended (docker-host.ts), but they and the network are still there.
 * @throws {LabError} BAD_INPUT if a lab is up, or is starting: it belongs to another run.
 */
async function removeEndedLab(engine: Docker): Promise<void> {
  const containers = await answerOf('Listing its containers', engine.listContainers({ all: true, filters: { label: projectLabel } }));
  const running = containers.filter(({ State }) => State === 'running' || State === 'paused');
  const inspected = await answerOf('Inspecting a lab’s containers', Promise.all(running.map(({ Id }) => engine.getContainer(Id).inspect())));
  const held = inspected.map(({ ExecIDs }) => ((ExecIDs as string[] | null) ?? []).length > 0);
  const isStarting = running.length > 0 && (await agesS(engine, running)).some((ageS) => Math.abs(ageS) < startingS);
  // Containers that run without an exec, and are older than that, are removed: their run was killed before it could hold them.
  if (held.includes(true) || isStarting) {
    throw new LabError('BAD_INPUT', `A lab is up already on this engine (${running.length} running containers of the project ${project}). Wait until it ends, or take it down with \`make down\`.`);
  }
  await removeLabelled(engine, projectLabel);
}

/**
 * Returns the ages of containers in seconds, by the engine's own clock: this machine's clock may show another time. An age is negative if
 * the engine's clock was set back after the container was made.
 */
async function agesS(engine: Docker, containers: ContainerInfo[]): Promise<number[]> {
  const { SystemTime } = (await answerOf('Reading its clock', engine.info())) as { SystemTime: string };
  return containers.map(({ Created }) => Date.parse(SystemTime) / 1000 - Created);
}

/**
 * Removes every lab of this engine, running or not, made by a run or by hand: all containers and networks with the label `failover-lab`, the
 * images that were made from other sources than those of this folder, and nothing else. Returns how many there were, or null if no engine answers.
 * @throws {LabError} if the engine refuses, or is stuck.
 */
export async function removeDockerLabs(): Promise<{ labs: number; images: number } | null> {
  const { api, close } = await connectEngine();
  try {
    await answerOf('Pinging it', api.ping());
    const labs = await removeLabelled(api, ['failover-lab']);
    return { labs, images: await removeOldImages(api, projectRoot) };
  } catch (error) {
    if (/connect (ENOENT|ECONNREFUSED)/.test(messageOf(error))) return null;
    throw explainDockerFailure(error);
  } finally {
    close();
  }
}

async function removeLabelled(engine: Docker, label: string[]): Promise<number> {
  const containers = await answerOf('Listing its containers', engine.listContainers({ all: true, filters: { label } }));
  await answerOf('Removing a lab’s containers', Promise.all(containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true }))));
  const networks = await answerOf('Listing its networks', engine.listNetworks({ filters: { label } }));
  await answerOf('Removing a lab’s network', Promise.all(networks.map(({ Id }) => engine.getNetwork(Id).remove())));
  return containers.length + networks.length;
}

/** Finds the container of each host by compose's labels, because Compose v1 and v2 name containers differently. */
async function containersByHost(engine: Docker): Promise<Map<string, Container>> {
  const found = await answerOf('Listing its containers', engine.listContainers({ filters: { label: projectLabel } }));
  return new Map(found.map(({ Id, Labels }) => [Labels['com.docker.compose.service'] ?? '', engine.getContainer(Id)]));
}

function containerOf(containers: Map<string, Container>, name: HostName): Container {
  const container = containers.get(name);
  if (!container) throw new LabError('START_FAILED', `Expected a container for the host ${name}, found none. Take the lab down with \`make down\`, and start it again.`);
  return container;
}

/** Returns the last output of a container that has ended. Its log is a sequence of frames, each with a header of eight bytes and then text. */
async function lastWords(engine: Docker, name: HostName): Promise<string> {
  const label = [...projectLabel, `com.docker.compose.service=${name}`];
  const [ended] = await answerOf('Listing its containers', engine.listContainers({ all: true, filters: { label } }));
  if (!ended) return 'it no longer exists, so its output is lost';
  let log = await answerOf(`Reading the log of ${name}`, engine.getContainer(ended.Id).logs({ stdout: true, stderr: true, tail: 3 }));
  let text = '';
  while (log.length >= 8) {
    const end = 8 + log.readUInt32BE(4);
    text += log.subarray(8, end).toString();
    log = log.subarray(end);
  }
  return `${text.trim() || 'it wrote nothing'} (${ended.Status})`;
}
