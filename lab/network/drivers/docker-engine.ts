/** Finds the engine and the command of compose. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http, { type Agent } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import Docker, { type DockerOptions } from 'dockerode';
import { execa } from 'execa';
import { LabError } from '../../vocabulary/errors.ts';
import { withinLimit } from '../../vocabulary/limits.ts';

/**
 * More than a busy engine needs to answer any request of the lab. An engine that has lost the shims of its containers still accepts
 * requests, and never answers some of them.
 */
export const answerLimitMs = 30_000;

type EngineAddress = Pick<DockerOptions, 'socketPath' | 'host' | 'port' | 'protocol'>;

/**
 * Returns the address of the engine: DOCKER_HOST, else that of the current context, else the default socket. The docker command does the same.
 * @throws {LabError} BAD_INPUT for a context that does not exist.
 */
export async function engineUrl(): Promise<string> {
  return process.env['DOCKER_HOST'] || ((await contextHost()) ?? 'unix:///var/run/docker.sock');
}

/** Parses the address of an engine. @throws {LabError} NOT_SUPPORTED for an address that is neither unix:// nor tcp://. TLS and ssh:// are not supported. */
export function engineAddress(url: string): EngineAddress {
  if (url.startsWith('unix://')) return { socketPath: url.slice('unix://'.length) };
  if (/^(tcp|http):\/\//.test(url) && URL.canParse(url.replace(/^tcp/, 'http'))) {
    const { hostname, port } = new URL(url.replace(/^tcp/, 'http'));
    return { host: hostname, port: port || '2375', protocol: 'http' };
  }
  throw new LabError('NOT_SUPPORTED', `Expected the engine at unix:// or tcp://, got \`${url}\` (from DOCKER_HOST or the current docker context). Set DOCKER_HOST to such an address; TLS and ssh:// are not supported.`);
}

/** A connection to an engine. */
export interface Engine {
  api: Docker;
  url: string;
  /** Drops all requests that have no answer yet, so that they do not keep this process from ending. */
  close(): void;
}

/** Returns the API of the engine. Sends no request yet. @throws {LabError} as `engineUrl` and `engineAddress` do. */
export async function connectEngine(): Promise<Engine> {
  const url = await engineUrl();
  const agent = new http.Agent();
  // docker-modem accepts `agent`, but dockerode's types do not have it.
  const options: DockerOptions & { agent: Agent } = { ...engineAddress(url), agent };
  return { api: new Docker(options), url, close: () => { agent.destroy(); } };
}

/** Waits for an answer of the engine. `asked` names the request in the message. @throws {LabError} TIME_LIMIT if no answer comes within `limitMs`. */
export async function answerOf<T>(asked: string, answer: Promise<T>, limitMs = answerLimitMs): Promise<T> {
  try {
    return await withinLimit(asked, limitMs, answer);
  } catch (error) {
    if (!(error instanceof LabError && error.code === 'TIME_LIMIT')) throw error;
    throw new LabError('TIME_LIMIT', `The docker engine is stuck: ${error.message} Restart the engine, and then run \`make down\` to remove what is left of the lab.`, { cause: error });
  }
}

/** The address of the current context, or null for the default one. docker keeps a context in a folder that is named by the SHA-256 of its name. */
async function contextHost(): Promise<string | null> {
  const folder = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const name = process.env['DOCKER_CONTEXT'] || (await readJson<{ currentContext?: string }>(join(folder, 'config.json')))?.currentContext;
  if (!name || name === 'default') return null;
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'), 'meta.json');
  const host = (await readJson<{ Endpoints?: { docker?: { Host?: string } } }>(meta))?.Endpoints?.docker?.Host;
  if (host === undefined) throw new LabError('BAD_INPUT', `Expected the docker context \`${name}\` in ${folder}, found none. Choose one of \`docker context ls\`.`);
  return host;
}

async function readJson<T>(path: string): Promise<T | null> {
  return await readFile(path, 'utf8').then((text) => JSON.parse(text) as T, () => null);
}

let found: Promise<string[]> | undefined;

/**
 * Returns the command of compose: `docker compose` (v2) or `docker-compose` (v1), the first one that works.
 * @throws {LabError} MISSING_TOOL if neither works.
 */
export function composeCommand(): Promise<string[]> {
  found ??= (async () => {
    for (const [file = '', ...args] of [['docker', 'compose'], ['docker-compose']]) {
      const { failed } = await execa(file, [...args, 'version'], { reject: false, stdin: 'ignore', timeout: answerLimitMs });
      if (!failed) return [file, ...args];
    }
    throw new LabError('MISSING_TOOL', 'Compose was not found: neither `docker compose version` (v2) nor `docker-compose version` (v1) works. Install Compose v2 or docker-compose v1.');
  })();
  return found;
}
