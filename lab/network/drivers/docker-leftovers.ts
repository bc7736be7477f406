/** What labs have on the engine, and its removal. Only a lab that nobody holds any more is removed: its own run removes it, or its run was killed. */
import type { default as Docker, ContainerInfo, NetworkInspectInfo } from 'dockerode';
import { imageContext } from '../../vocabulary/project.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { answerLimitMs, answerOf, composeCommand, connectEngine } from './docker-engine.ts';
import { removeOldImages } from './docker-image.ts';
import { isRunning, ownerLabel, parseOwner, type Owner } from './docker-owner.ts';
import { explainDockerFailure } from './docker-requirements.ts';

/**
 * On another machine's lab: younger containers and networks than this belong to a lab that is starting. They are there before the lab holds them; that
 * takes 2 s.
 */
const startingS = 20;
/** One round removes everything, and another one sees that nothing is left. */
const rounds = 5;
/** The engine removes containers one after the other, and on a busy machine it takes more than a second for each. */
const removalLimitMsPerContainer = 5_000;
const composeProject = 'com.docker.compose.project';

/** A lab of this driver on the engine. */
interface FoundLab {
  project: string;
  owner: Owner | null;
  containers: ContainerInfo[];
  networks: NetworkInspectInfo[];
}

async function findLabs(engine: Docker): Promise<FoundLab[]> {
  const filters = { label: [ownerLabel] };
  const [containers, networks] = await Promise.all([
    answerOf('Listing its containers', engine.listContainers({ all: true, filters })),
    answerOf('Listing its networks', engine.listNetworks({ filters })),
  ]);
  const projectOf = ({ Labels }: { Labels?: Record<string, string> | undefined }): string => Labels?.[composeProject] ?? '';
  const projects = new Set([...containers, ...networks].map(projectOf));
  return [...projects].map((project) => {
    const own = { containers: containers.filter((each) => projectOf(each) === project), networks: networks.filter((each) => projectOf(each) === project) };
    return { project, owner: parseOwner([...own.containers, ...own.networks][0]?.Labels?.[ownerLabel]), ...own };
  });
}

/** Returns whether a lab is up, or is starting. */
async function isHeld(engine: Docker, { owner, containers, networks }: FoundLab): Promise<boolean> {
  const running = owner && isRunning(owner);
  if (running !== null) return running;
  // A run on another machine holds its containers by an exec (docker-host.ts).
  const up = containers.filter(({ State }) => State === 'running' || State === 'paused');
  const inspected = await answerOf('Inspecting a lab’s containers', Promise.all(up.map(({ Id }) => engine.getContainer(Id).inspect().catch(unlessGone))));
  if (inspected.some((container) => ((container?.ExecIDs as string[] | null | undefined) ?? []).length > 0)) return true;
  if (up.length === 0 && containers.length > 0) return false;
  // By the engine's own clock: this machine's clock may show another time. An age is negative if the engine's clock was set back.
  const { SystemTime } = (await answerOf('Reading its clock', engine.info())) as { SystemTime: string };
  const madeMs = [...up.map(({ Created }) => Created * 1000), ...networks.map(({ Created }) => Date.parse(Created))];
  return madeMs.some((ms) => Math.abs(Date.parse(SystemTime) - ms) < startingS * 1000);
}

/** Removes what killed runs have left behind: their containers have ended (docker-host.ts), but they and the networks are still there. Returns how many there were, and the labs that are up. */
export async function removeEndedLabs(engine: Docker): Promise<{ removed: number; up: FoundLab[] }> {
  let removed = 0;
  const up: FoundLab[] = [];
  for (const lab of await findLabs(engine)) {
    if (await isHeld(engine, lab)) up.push(lab);
    else removed += await removeLab(engine, [`${composeProject}=${lab.project}`]);
  }
  return { removed, up };
}

/**
 * Removes all containers and networks that `label` finds. Returns how many there were. Another process may remove them at the same time: that is no
 * error, but the containers must be gone before their network.
 */
export async function removeLab(engine: Docker, label: string[]): Promise<number> {
  let count = 0;
  // The engine may still make a container that a killed compose has asked for. So it is asked again until there is none.
  for (let round = 0; round < rounds; round++) {
    const containers = await answerOf('Listing its containers', engine.listContainers({ all: true, filters: { label } }));
    await answerOf('Removing a lab’s containers', Promise.all(containers.map(({ Id }) => removeContainer(engine, Id))), Math.max(answerLimitMs, removalLimitMsPerContainer * containers.length));
    const networks = await answerOf('Listing its networks', engine.listNetworks({ filters: { label } }));
    await answerOf('Removing a lab’s network', Promise.all(networks.map(({ Id }) => engine.getNetwork(Id).remove().catch(unlessGone))));
    count += containers.length + networks.length;
    if (containers.length + networks.length === 0) return count;
  }
  throw new LabError('START_FAILED', `Expected the engine to remove the containers and networks with the label ${label.join()}, but it still lists some. Restart the engine, and run \`make down\`.`);
}

async function removeContainer(engine: Docker, id: string): Promise<void> {
  const container = engine.getContainer(id);
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    // 409: another process removes it.
    if ((error as { statusCode?: number }).statusCode === 409) await container.wait({ condition: 'removed' }).catch(unlessGone);
    else unlessGone(error);
  }
}

/** For an error of the engine: undefined if what was asked for does not exist (any more). @throws any other error. */
function unlessGone(error: unknown): undefined {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
}

/** What `make down` has done on docker. */
export interface DockerDown {
  /** How many containers and networks of labs were removed. */
  labs: number;
  /** How many images were removed. */
  images: number;
  /** Labs that are up, and were left alone: one sentence for each. */
  left: string[];
  /** Why the engine could not be asked, or null. */
  notAsked: string | null;
}

/**
 * Removes what killed runs have left on the engine, and the images that were made from other sources than those of this folder. A lab that is up stays: it belongs to its run, or to somebody who plays with it.
 */
export async function removeDockerLabs(): Promise<DockerDown> {
  let engine: Awaited<ReturnType<typeof connectEngine>> | undefined;
  try {
    engine = await connectEngine();
    await answerOf('Pinging it', engine.api.ping());
    const { removed, up } = await removeEndedLabs(engine.api);
    const images = await removeOldImages(engine.api, imageContext);
    return { labs: removed, images, left: [...up.map(sentenceOf), ...(await labsByHand(engine.api))], notAsked: null };
  } catch (error) {
    // Without compose, no lab was ever on docker here.
    if (await composeCommand().then(() => false, () => true)) return { labs: 0, images: 0, left: [], notAsked: null };
    const { message } = error instanceof LabError ? error : explainDockerFailure(error);
    return { labs: 0, images: 0, left: [], notAsked: message };
  } finally {
    engine?.close();
  }
}

function sentenceOf({ project, owner, containers }: FoundLab): string {
  const who = owner ? `\`${owner.command}\`, pid ${owner.pid}${isRunning(owner) === null ? ' on another machine' : ''}` : project;
  return `A lab is up on docker, and stays: it belongs to ${who} (${containers.length} containers). It goes with its run: press Ctrl-C there.`;
}

/** The labs that somebody has started with `docker compose up`. */
async function labsByHand(engine: Docker): Promise<string[]> {
  const containers = await answerOf('Listing its containers', engine.listContainers({ all: true, filters: { label: ['failover-lab'] } }));
  const projects = new Set(containers.filter(({ Labels }) => !(ownerLabel in Labels)).map(({ Labels }) => Labels[composeProject] ?? ''));
  return [...projects].map((project) => `A lab by hand is on docker, and stays. To remove it: docker compose --project-name ${project} down`);
}
