/**
 * A guest: a container from any image that replaces the client's host. It shares the network namespace of the client's container, so it has
 * the same addresses, and its frames are captured. The engine then also shares /etc/resolv.conf and /etc/hosts, so the guest asks the
 * lab's DNS server.
 */
import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { answerOf } from './docker-engine.ts';
import { createDockerHost } from './docker-host.ts';
import type { Host } from './driver.ts';

/** The folder to which the programs of the client profiles are copied. It is the same folder as in the lab's own image. */
const clientFolder = '/lab/client';
/** Enough for a large image over a slow line. */
const pullLimitMs = 600_000;

/** A guest that is up. `remove` removes its container. */
export interface Guest {
  host: Host;
  remove(): Promise<void>;
}

/**
 * Pulls the image if necessary, and starts a guest from it.
 * @throws {LabError} MISSING_TOOL if the image cannot be pulled; START_FAILED if no client can run in it.
 */
export async function startGuest(engine: Docker, client: Container, image: string, labels: Record<string, string>, engineUrl: string, over: AbortSignal): Promise<Guest> {
  await ensureImage(engine, image);
  const container = await answerOf('Making the client’s container', engine.createContainer({
    Image: image,
    // The guest idles under an init, as the lab's own containers do. The image's own program is not started.
    Entrypoint: [],
    Cmd: ['sleep', 'infinity'],
    User: '0:0',
    WorkingDir: clientFolder,
    Labels: labels,
    HostConfig: { NetworkMode: `container:${client.id}`, Init: true, CapAdd: ['NET_ADMIN'] },
  }));
  const remove = async (): Promise<void> => {
    await answerOf('Removing the client’s container', container.remove({ force: true })).catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    });
  };
  try {
    const programs = await answerOf('Reading the clients’ programs', client.getArchive({ path: `${clientFolder}/external` }));
    await answerOf('Copying the clients’ programs', container.putArchive(programs, { path: clientFolder }));
    await answerOf('Starting the client’s container', container.start());
    const host = await createDockerHost('client', container, engineUrl, over, { user: '', directory: clientFolder });
    return { host, remove };
  } catch (error) {
    await remove();
    throw new LabError('START_FAILED', `No client can run in the image ${image}: ${messageOf(error)}. The image needs the programs \`sh\` and \`sleep\`.`, { cause: error });
  }
}

async function ensureImage(engine: Docker, image: string): Promise<void> {
  const isThere = await answerOf(`Looking for the image ${image}`, engine.getImage(image).inspect().then(() => true, () => false));
  if (isThere) return;
  try {
    const progress = await answerOf(`Pulling ${image}`, engine.pull(image));
    await answerOf(`Pulling ${image}`, new Promise<void>((resolve, reject) => {
      engine.modem.followProgress(progress, (error) => { if (error) reject(error); else resolve(); });
    }), pullLimitMs);
  } catch (error) {
    throw new LabError('MISSING_TOOL', `The image ${image} is not on the engine, and could not be pulled: ${messageOf(error)}`, { cause: error });
  }
}
