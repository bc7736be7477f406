/**
 * The docker driver: each host is a container of compose.yaml. Compose makes and starts the containers. Everything else goes over the
 * engine's API, so the engine may run on another machine: nothing is mounted, and this process does not have to reach the lab's addresses.
 *
 * Each container idles (`sleep infinity` under an init). The driver starts processes in it by exec, as the netns driver starts them in a
 * namespace. So a killed server leaves its host in place. If the container were killed, the host's addresses would be gone too.
 */
import type { default as Docker, Container } from 'dockerode';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { interruptionOf, unlessAborted } from '../../vocabulary/limits.ts';
import { imageContext } from '../../vocabulary/project.ts';
import { hostsOf, type HostName, type Topology } from '../../vocabulary/topology.ts';
import { answerOf, connectEngine, type Engine } from './docker-engine.ts';
import { startGuest, type Guest } from './docker-guest.ts';
import { createDockerHost } from './docker-host.ts';
import { buildImage, hasImage, imageTag } from './docker-image.ts';
import { removeEndedLabs, removeLab } from './docker-leftovers.ts';
import { buildAddressScript, composeBuild, composeUp, newProject, sysctlsFor, type Project } from './docker-project.ts';
import { dockerRequirements, explainDockerFailure } from './docker-requirements.ts';
import { Watch } from './docker-watch.ts';
import type { Driver, Host, Network } from './driver.ts';

/** A build takes one or two minutes if packages must be fetched. */
const buildLimitMs = 600_000;
const upLimitMsPerHost = 10_000;
/** An engine that was lost and is back answers within ms. */
const backLimitMs = 2_000;

const leftThere = 'What the lab has on the engine is left there. Start the engine, and run `make down`.';

/** The driver for every machine that has a docker engine. */
export const docker: Driver = {
  name: 'docker',
  requirements: dockerRequirements,
  start: startNetwork,
};

async function startNetwork(topology: Topology, signal?: AbortSignal): Promise<Network> {
  const project = newProject();
  let engine: Engine | undefined;
  let watch: Watch | undefined;
  const over = new AbortController();
  const close = (): void => {
    over.abort();
    watch?.close();
    engine?.close();
  };
  try {
    engine = await connectEngine();
    const { api, url } = engine;
    const version = await answerOf('Reading its version', api.version());
    const watching = (watch = new Watch(api, url));
    const cut = AbortSignal.any([watching.lost, ...(signal ? [signal] : [])]);
    await removeEndedLabs(api);
    const tag = await imageTag(imageContext, await ownBase(api));
    // Compose v1 does not know docker contexts, so it gets the address of the engine.
    const settings = { DOCKER_HOST: url, LAB_IMAGE_TAG: tag, COMPOSE_IGNORE_ORPHANS: 'true' };
    // The image is built once, here. Compose v2 would build it for all hosts at the same time.
    if (!(await hasImage(api, tag))) await buildImage(tag, (onLine) => composeBuild(project, settings, buildLimitMs, cut, onLine));
    cut.throwIfAborted();
    await composeUp(project, topology, sysctlsFor(topology.clientSysctls, version.KernelVersion), settings, upLimitMsPerHost * hostsOf(topology).length, cut);
    cut.throwIfAborted();
    const containers = await containersByHost(api, project);
    const absent = hostsOf(topology).find((name) => !containers.has(name));
    if (absent) throw new LabError('START_FAILED', `The container of ${absent} ended while it started: ${await lastWords(api, project, absent)}`);
    await watching.follow(containers);
    const hosts = new Map<HostName, Host>();
    const hold = async (name: HostName): Promise<void> => {
      const container = containerOf(containers, name);
      try {
        const host = await createDockerHost(name, container, url, over.signal);
        const { exitCode, stderr } = await host.run(['sh', '-c', buildAddressScript(topology, name)]);
        if (exitCode !== 0) throw new LabError('START_FAILED', `Could not set the addresses of ${name}: ${stderr}`);
        hosts.set(name, host);
      } catch (error) {
        const { State } = await answerOf(`Inspecting the container of ${name}`, container.inspect());
        if (State.Running) throw error;
        throw new LabError('START_FAILED', `The container of ${name} ended while it started: ${await lastWords(api, project, name)}`, { cause: error });
      }
    };
    await Promise.all(hostsOf(topology).map(hold));
    const { promise: ended, resolve: end } = Promise.withResolvers<string>();
    watching.lost.addEventListener('abort', () => { end(messageOf(watching.lost.reason)); });
    if (watching.lost.aborted) throw watching.lost.reason as LabError;
    let stopping: Promise<void> | undefined;
    const guests: Guest[] = [];
    const stop = async (): Promise<void> => {
      const wasLost = watching.lost.aborted;
      watching.expectEnds();
      const remove = async (): Promise<void> => {
        // The guests have the client's network, so they are removed first.
        await Promise.all(guests.map((guest) => guest.remove())).catch(() => undefined);
        await removeLab(api, project.filter);
      };
      try {
        // An engine that was lost may be back, because it was restarted.
        if (wasLost) await answerOf('Pinging it', api.ping(), backLimitMs);
        await unlessAborted(wasLost ? undefined : watching.lost, remove);
      } catch (error) {
        if ((await watching.look()) === null) throw error;
        throw new LabError('NETWORK_ENDED', `${leftThere} (${messageOf(error)})`, { cause: error });
      } finally {
        close();
        end('the lab took it down');
      }
    };
    return {
      driver: 'docker',
      engine: `docker ${version.Version}`,
      runtime: { node: 'node', root: '/lab', build: '/lab/build' },
      // In the container, which is removed with the network.
      scratch: '/tmp',
      host: (name) => hosts.get(name) as Host,
      clientFrom: async (image) => {
        const labels = { 'failover-lab': 'client', 'com.docker.compose.project': project.name, ...project.labels };
        const guest = await startGuest(api, containerOf(containers, 'client'), image, labels, url, over.signal);
        guests.push(guest);
        return guest.host;
      },
      ended,
      look: () => watching.look(),
      onDisturbance: (listener) => { watching.onDisturbance(listener); },
      [Symbol.asyncDispose]: () => (stopping ??= stop()),
    };
  } catch (error) {
    // compose and the engine's API tell in many ways that the engine has gone.
    const lost = error instanceof LabError && !watch?.lost.aborted ? null : ((await watch?.look()) ?? null);
    if (engine && lost === null) await removeLab(engine.api, project.filter).catch(() => undefined);
    close();
    if (signal?.aborted) throw interruptionOf(signal);
    throw lost === null ? explainDockerFailure(error) : new LabError('START_FAILED', `${lost} ${leftThere}`, { cause: error });
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

/** Finds the container of each host by compose's labels, because Compose v1 and v2 name containers differently. */
async function containersByHost(engine: Docker, { filter }: Project): Promise<Map<HostName, Container>> {
  const found = await answerOf('Listing its containers', engine.listContainers({ filters: { label: filter } }));
  return new Map(found.map(({ Id, Labels }) => [Labels['com.docker.compose.service'] as HostName, engine.getContainer(Id)]));
}

function containerOf(containers: Map<HostName, Container>, name: HostName): Container {
  const container = containers.get(name);
  if (!container) throw new LabError('START_FAILED', `Expected a container for the host ${name}, found none. Take the lab down with \`make down\`, and start it again.`);
  return container;
}

/** Returns the last output of a container that has ended. Its log is a sequence of frames, each with a header of eight bytes and then text. */
async function lastWords(engine: Docker, { filter }: Project, name: HostName): Promise<string> {
  const label = [...filter, `com.docker.compose.service=${name}`];
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
