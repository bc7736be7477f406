/** What the docker driver needs, and one clear message for each known failure of an engine. */
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

/** Patterns for the messages of the engine and of Compose v1 and v2. The messages differ between versions, but they share these words. */
const known: { pattern: RegExp; code: LabError['code']; message: string }[] = [
  { pattern: /EACCES|permission denied/i, code: 'NOT_SUPPORTED', message: 'This user may not use the docker engine. Add the user to the group `docker` (`sudo usermod -aG docker $USER`) and log in again, or run the lab as root.' },
  { pattern: /connect ENOENT|ECONNREFUSED|Cannot connect to the Docker daemon|ENOTFOUND|EHOSTUNREACH/i, code: 'NOT_SUPPORTED', message: 'No docker engine answers. Start it: open Docker Desktop, or run `sudo systemctl start docker`. If the engine is elsewhere, set DOCKER_HOST.' },
  { pattern: /Pool overlaps/i, code: 'BAD_INPUT', message: 'The addresses of the lab network (198.51.100.0/24, 2001:db8:1::/64) are taken by another network of this engine. If that is another lab, take it down (`make down` or `docker compose down`). Otherwise remove that network (`docker network ls`, `docker network rm NAME`).' },
  { pattern: /port is already allocated|address already in use/i, code: 'START_FAILED', message: 'A port that the lab publishes on 127.0.0.1 (9011, 9012, 9013 or 9053) is taken by another program. Stop that program.' },
  {
    pattern: /no such host|pull access denied|failed to resolve|manifest unknown|Temporary failure in name resolution|EAI_AGAIN/i,
    code: 'START_FAILED',
    message: 'The base image or a package could not be fetched. The first build needs a connection to the internet. Without one, set BASE_IMAGE to an image that the engine has, with Node 24, iproute2, nftables, curl and dig.',
  },
];

/** Turns any failure of the engine or of compose into one message: what failed and what to do. The original words stand at its end. */
export function explainDockerFailure(error: unknown): LabError {
  if (error instanceof LabError) return error;
  const { stderr, stdout, shortMessage, code } = error as { stderr?: string; stdout?: string; shortMessage?: string; code?: string };
  const text = [code, messageOf(error), stderr, stdout].filter(Boolean).join('\n');
  const match = known.find(({ pattern }) => pattern.test(text));
  const lines = stderr?.trim().split('\n') ?? [];
  const words = (lines.find((line) => match?.pattern.test(line)) ?? lines.at(-1) ?? shortMessage ?? messageOf(error)).trim();
  return new LabError(match?.code ?? 'START_FAILED', match ? `${match.message} (${words})` : `The docker engine could not start the lab: ${words}`, { cause: error });
}
