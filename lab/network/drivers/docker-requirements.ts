/** What the docker driver needs, and every way in which an engine says no, in one clear message each. */
import Docker from 'dockerode';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { composeCommand, engineAddress, engineUrl } from './docker-engine.ts';
import type { Requirement } from './driver.ts';

export async function dockerRequirements(): Promise<Requirement[]> {
  const costs = 'the docker driver';
  const engine = await tried(async () => {
    const address = engineAddress(await engineUrl());
    const version = await new Docker({ ...address, timeout: 3_000 }).version();
    return `${version.Version} at ${address.socketPath ?? `${String(address.host)}:${String(address.port)}`}`;
  });
  const compose = await tried(async () => (await composeCommand()).join(' '));
  return [
    { name: 'docker engine', ...engine, costs, remedy: 'an engine that this user may use; DOCKER_HOST names another one' },
    { name: 'compose', ...compose, costs, remedy: compose.found ? '' : 'install the compose plugin (v2) or docker-compose (v1)' },
  ];
}

async function tried(look: () => Promise<string>): Promise<{ found: boolean; observed: string }> {
  try {
    return { found: true, observed: await look() };
  } catch (error) {
    return { found: false, observed: explainDockerFailure(error).message };
  }
}

/** Patterns over what engine, compose v1 and v2 write; the words differ between versions, the core does not. */
const known: { pattern: RegExp; code: LabError['code']; message: string }[] = [
  { pattern: /EACCES|permission denied/i, code: 'NOT_SUPPORTED', message: 'The docker engine does not let this user in. Join the `docker` group, or run as root.' },
  { pattern: /connect ENOENT|ECONNREFUSED|Cannot connect to the Docker daemon|ENOTFOUND|EHOSTUNREACH/i, code: 'NOT_SUPPORTED', message: 'No docker engine answers. Start it (Docker Desktop, or `systemctl start docker`), or set DOCKER_HOST.' },
  { pattern: /Pool overlaps/i, code: 'BAD_INPUT', message: 'The lab network’s addresses (198.51.100.0/24, 2001:db8:1::/64) are taken by another network of this engine. Take the other lab down (`make down`, `docker compose down`), or remove that network.' },
  { pattern: /port is already allocated|address already in use/i, code: 'START_FAILED', message: 'A port that the lab publishes on 127.0.0.1 is taken.' },
  {
    pattern: /no such host|pull access denied|failed to resolve|manifest unknown|Temporary failure in name resolution|EAI_AGAIN/i,
    code: 'START_FAILED',
    message: 'The base image or a package could not be fetched. Give the engine a network for the first build, or a base image it has: BASE_IMAGE=… (Node 24, iproute2, curl, dig).',
  },
];

/** One message with what was tried; the engine's own words are kept at its end. */
export function explainDockerFailure(error: unknown): LabError {
  if (error instanceof LabError) return error;
  const { stderr, stdout, shortMessage, code } = error as { stderr?: string; stdout?: string; shortMessage?: string; code?: string };
  const text = [code, messageOf(error), stderr, stdout].filter(Boolean).join('\n');
  const match = known.find(({ pattern }) => pattern.test(text));
  const lines = stderr?.trim().split('\n') ?? [];
  const words = (lines.find((line) => match?.pattern.test(line)) ?? lines.at(-1) ?? shortMessage ?? messageOf(error)).trim();
  return new LabError(match?.code ?? 'START_FAILED', match ? `${match.message} (${words})` : `The docker engine could not start the lab: ${words}`, { cause: error });
}
