/**
 * A guest: a container from any image that replaces the client's host. It shares the network namespace of the client's container, so it has
 * the same addresses, and its frames are captured. The engine then also shares /etc/resolv.conf and /etc/hosts, so the guest asks the
 * lab's DNS server.
 */
import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { withinLimit } from '../../vocabulary/limits.ts';
import { answerOf } from './docker-engine.ts';
import { createDockerHost, root } from './docker-host.ts';
import type { Host } from './driver.ts';

/** The folder to which the programs of the client profiles are copied. It is the same folder as in the lab's own image. */
const clientFolder = '/lab/client';
/** Enough for a large image over a slow line. */
const pullLimitMs = 600_000;
/** A container whose program is missing ends at once. */
const endLimitMs = 5_000;

/** A guest that is up. `remove` removes its container. */
export interface Guest {
  host: Host;
  remove(): Promise<void>;
}

/**
 * Pulls the image if necessary, and starts a guest from it. Its processes run as the image's own user.
 * @throws {LabError} MISSING_TOOL if the image cannot be pulled; START_FAILED if no client can run in it.
 */
export async function startGuest(engine: Docker, client: Container, image: string, labels: Record<string, string>, engineUrl: string, over: AbortSignal): Promise<Guest> {
  await ensureImage(engine, image);
  const { Config: { User: user } } = await answerOf(`Inspecting the image ${image}`, engine.getImage(image).inspect());
  let container: Container | undefined;
  const remove = async (): Promise<void> => {
    // With the volumes that the image asks for.
    await answerOf('Removing the client’s container', container?.remove({ force: true, v: true }) ?? Promise.resolve()).catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    });
  };
  try {
    container = await answerOf('Making the client’s container', engine.createContainer({
      Image: image,
      // The guest idles under an init, as the lab's own containers do. The image's own program is not started.
      Entrypoint: [],
      Cmd: ['sleep', 'infinity'],
      User: root,
      WorkingDir: clientFolder,
      Labels: labels,
      HostConfig: { NetworkMode: `container:${client.id}`, Init: true, CapAdd: ['NET_ADMIN'] },
    }));
    const programs = await answerOf('Reading the clients’ programs', client.getArchive({ path: `${clientFolder}/external` }));
    await answerOf('Copying the clients’ programs', container.putArchive(programs, { path: clientFolder }));
    await answerOf('Starting the client’s container', container.start());
    const host = await createDockerHost('client', container, engineUrl, over, { user: user || root, directory: clientFolder });
    await host.run(['true']);
    return { host, remove };
  } catch (error) {
    const why = await whyNot(error, container).finally(remove);
    throw new LabError('START_FAILED', `No client can run in the image ${image}: ${why}`, { cause: error });
  }
}

/** What runc and crun say of a program that is not there. */
const noShell = /\bsh\b.*(?:not found|no such file)/i;

/** Why a guest did not start. The engine tells of a program that is not there in the log of the container, or as the output of the program. */
async function whyNot(error: unknown, container: Container | undefined): Promise<string> {
  // The engine makes the folder, or copies into it.
  if (/not a directory/.test(messageOf(error))) return `it has a file at /lab or ${clientFolder}, where the lab puts its programs for clients. Move that file.`;
  if (error instanceof LabError && noShell.test(messageOf(error.cause))) return 'it has no program `sh`, which the lab needs beside `sleep`. Take an image of the same client that has a shell (for distroless images: the tag `debug`).';
  // Without `sleep` the container ends at once. The engine may know it later than its streams do.
  const exitStatus = await (container && withinLimit('The end of the container', endLimitMs, container.wait() as Promise<{ StatusCode: number }>).then(({ StatusCode }) => StatusCode, () => null));
  if (exitStatus === 127) return 'it has no program `sleep`, which the lab needs beside `sh`. Take an image of the same client that has it.';
  return `${messageOf(error)}. The image needs the programs \`sh\` and \`sleep\`.`;
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
