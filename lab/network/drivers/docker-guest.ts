/**
 * A container from any image in the place of the client's: it shares the network namespace, so it has the same addresses and its
 * frames are captured; and with it the engine shares /etc/resolv.conf and /etc/hosts, so that it asks the lab's DNS server.
 */
import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { answerOf } from './docker-engine.ts';
import { createDockerHost } from './docker-host.ts';
import type { Host } from './driver.ts';

/** Where the profiles' programs are copied to: the same place as in the lab's own image. */
const clientFolder = '/lab/client';
/** A large image over a slow line. */
const pullLimitMs = 600_000;

export interface Guest {
  host: Host;
  remove(): Promise<void>;
}

/** @throws {LabError} MISSING_TOOL for an image that cannot be had, START_FAILED for one in which no client can run. */
export async function startGuest(engine: Docker, client: Container, image: string, labels: Record<string, string>, engineUrl: string, over: AbortSignal): Promise<Guest> {
  await ensureImage(engine, image);
  const container = await answerOf('Making the client’s container', engine.createContainer({
    Image: image,
    // It idles under an init as the lab's own containers do; what the image would run is none of the lab's.
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
    throw new LabError('START_FAILED', `No client can run in the image ${image}: ${messageOf(error)}. It needs a shell and sleep, as most have.`, { cause: error });
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
