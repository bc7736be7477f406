/** What the docker driver needs, and one clear message for each known failure of an engine. */
import { stripVTControlCharacters } from 'node:util';
import Docker from 'dockerode';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { composeCommand, engineAddress, engineUrl } from './docker-engine.ts';
import type { Requirement } from './driver.ts';

/** Checks whether an engine answers, and whether compose is there. */
export async function dockerRequirements(): Promise<Requirement[]> {
  const costs = 'the docker driver';
  const engine = await tried(async () => {
    const address = engineAddress(await engineUrl());
    const version = await new Docker({ ...address, timeout: 3_000 }).version();
    return `${version.Version} at ${address.socketPath ?? `${String(address.host)}:${String(address.port)}`}`;
  });
  const compose = await tried(async () => (await composeCommand()).join(' '));
  return [
    { name: 'docker engine', ...engine, costs, remedy: 'install Docker (https://docs.docker.com/get-started/get-docker/) and start it; to use an engine elsewhere, set DOCKER_HOST to its address' },
    { name: 'compose', ...compose, costs, remedy: compose.found ? '' : 'install Compose v2 (https://docs.docker.com/compose/install/), or docker-compose v1' },
  ];
}

async function tried(look: () => Promise<string>): Promise<{ found: boolean; observed: string }> {
  try {
    return { found: true, observed: await look() };
  } catch (error) {
    return { found: false, observed: explainDockerFailure(error).message };
  }
}

/** A failure that is known: the words that it is known by, and what to do. Engines and composes differ in their messages, but they share these words. */
interface Known {
  pattern: RegExp;
  code: LabError['code'];
  message: string;
}

/** Why the engine did not answer this process. */
const knownOfEngine: Known[] = [
  { pattern: /connect EACCES/, code: 'NOT_SUPPORTED', message: 'This user may not use the docker engine. Add the user to the group `docker` (`sudo usermod -aG docker $USER`) and log in again, or run the lab as root.' },
  { pattern: /connect (ENOENT|ECONNREFUSED|EHOSTUNREACH)|ENOTFOUND/, code: 'NOT_SUPPORTED', message: 'No docker engine answers. Start it: open Docker Desktop, or run `sudo systemctl start docker`. If the engine is elsewhere, set DOCKER_HOST.' },
];

/** Why compose could not build the image, or start the containers. The words of the engine's failures mean something else here: npm, too, says ECONNREFUSED. */
const knownOfCompose: Known[] = [
  { pattern: /non-overlapping IPv4 address pool|predefined address pools have been fully subnetted/i, code: 'START_FAILED', message: 'The engine has no IPv4 network left for another lab. Remove the networks that nobody uses (`docker network ls`, `docker network rm NAME`), or run fewer labs at a time.' },
  {
    pattern: /no such host|pull access denied|failed to resolve|manifest unknown|Temporary failure (in name resolution|resolving)|EAI_AGAIN|ENOTFOUND/i,
    code: 'START_FAILED',
    message: 'The base image or a package could not be fetched. The first build needs a connection to the internet. Without one, set BASE_IMAGE to an image that the engine has, with Node 24, iproute2, nftables, curl and dig, and with the npm packages in /lab/node_modules.',
  },
];

/** The reason of a failed build is in its last lines: those of the command that failed, then those of the builder and of compose. */
const lastLines = 20;

/** Turns any failure of the engine or of compose into one message: what failed and what to do. The original words stand at its end. */
export function explainDockerFailure(error: unknown): LabError {
  if (error instanceof LabError) return error;
  // execa's error has all output of compose, in the order in which it came.
  const { all, shortMessage = '' } = error as { all?: string; shortMessage?: string };
  const lines = stripVTControlCharacters(all ?? messageOf(error)).split(/[\r\n]+/).filter((line) => line.trim() !== '');
  for (const { pattern, code, message } of all === undefined ? knownOfEngine : knownOfCompose) {
    const words = lines.find((line) => pattern.test(line));
    if (words !== undefined) return new LabError(code, `${message} (${words.trim()})`, { cause: error });
  }
  const words = all === undefined ? [messageOf(error)] : [`${shortMessage}. ${lines.length > 0 ? 'Its last lines:' : 'It wrote nothing.'}`, ...lines.slice(-lastLines)];
  return new LabError('START_FAILED', `The docker engine could not start the lab: ${words.join('\n  ')}`, { cause: error });
}
