/** Where the engine is, which compose there is, and which image belongs to these sources. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Docker, { type DockerOptions } from 'dockerode';
import { execa } from 'execa';
import { LabError } from '../../vocabulary/errors.ts';
import { withinLimit } from '../../vocabulary/limits.ts';

/**
 * More than a busy engine takes for anything it is asked here. One that has lost the shims of its containers goes on to accept
 * questions, and answers some of them never.
 */
const answerLimitMs = 30_000;

type EngineAddress = Pick<DockerOptions, 'socketPath' | 'host' | 'port' | 'protocol'>;

/**
 * DOCKER_HOST, else the current context, else the default socket: as the docker command does it.
 * @throws {LabError} BAD_INPUT for a context that is not there.
 */
export async function engineUrl(): Promise<string> {
  return process.env['DOCKER_HOST'] || ((await contextHost()) ?? 'unix:///var/run/docker.sock');
}

/** @throws {LabError} NOT_SUPPORTED for an address that is neither unix:// nor tcp://; TLS and ssh:// are not supported. */
export function engineAddress(url: string): EngineAddress {
  if (url.startsWith('unix://')) return { socketPath: url.slice('unix://'.length) };
  if (/^(tcp|http):\/\//.test(url) && URL.canParse(url.replace(/^tcp/, 'http'))) {
    const { hostname, port } = new URL(url.replace(/^tcp/, 'http'));
    return { host: hostname, port: port || '2375', protocol: 'http' };
  }
  throw new LabError('NOT_SUPPORTED', `Expected the engine at unix:// or tcp://, got \`${url}\` (DOCKER_HOST or the current docker context).`);
}

export interface Engine {
  api: Docker;
  url: string;
  /** Gives up what has not been answered, so that nothing keeps this process from ending. */
  close(): void;
}

export async function connectEngine(): Promise<Engine> {
  const url = await engineUrl();
  const agent = new Agent();
  // docker-modem takes it; dockerode's types do not know.
  const options: DockerOptions & { agent: Agent } = { ...engineAddress(url), agent };
  return { api: new Docker(options), url, close: () => { agent.destroy(); } };
}

/** What the engine answers. @throws {LabError} TIME_LIMIT when it answers nothing; `asked` says what it was to do. */
export async function answerOf<T>(asked: string, answer: Promise<T>, limitMs = answerLimitMs): Promise<T> {
  try {
    return await withinLimit(asked, limitMs, answer);
  } catch (error) {
    if (!(error instanceof LabError && error.code === 'TIME_LIMIT')) throw error;
    throw new LabError('TIME_LIMIT', `The docker engine is stuck: ${error.message} Restart it; \`make down\` then removes what is left of the lab.`, { cause: error });
  }
}

/** A context is a folder named by the SHA-256 of its name. */
async function contextHost(): Promise<string | null> {
  const folder = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const name = process.env['DOCKER_CONTEXT'] || (await readJson<{ currentContext?: string }>(join(folder, 'config.json')))?.currentContext;
  if (!name || name === 'default') return null;
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'), 'meta.json');
  const host = (await readJson<{ Endpoints?: { docker?: { Host?: string } } }>(meta))?.Endpoints?.docker?.Host;
  if (host === undefined) throw new LabError('BAD_INPUT', `Expected the docker context \`${name}\` in ${folder}; it is not there.`);
  return host;
}

async function readJson<T>(path: string): Promise<T | null> {
  return await readFile(path, 'utf8').then((text) => JSON.parse(text) as T, () => null);
}

let found: Promise<string[]> | undefined;

/**
 * `docker compose` (v2) or `docker-compose` (v1): the first that answers.
 * @throws {LabError} MISSING_TOOL naming both.
 */
export function composeCommand(): Promise<string[]> {
  found ??= (async () => {
    for (const [file = '', ...args] of [['docker', 'compose'], ['docker-compose']]) {
      const { failed } = await execa(file, [...args, 'version'], { reject: false, stdin: 'ignore', timeout: answerLimitMs });
      if (!failed) return [file, ...args];
    }
    throw new LabError('MISSING_TOOL', 'No compose answers: tried `docker compose version` and `docker-compose version`. Install the compose plugin (v2) or docker-compose (v1).');
  })();
  return found;
}

let tag: Promise<string> | undefined;

/** A hash of what the image is made of: other sources, another image. */
export function imageTag(): Promise<string> {
  tag ??= (async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const hash = createHash('sha256').update(process.env['BASE_IMAGE'] ?? '');
    const listed = await Promise.all(['lab', 'services', 'client'].map((folder) => readdir(join(root, folder), { recursive: true })));
    const sources = listed.flatMap((names, index) => names.map((name) => join(['lab', 'services', 'client'][index] ?? '', name)));
    const files = ['Dockerfile', 'package-lock.json', ...sources.filter((name) => /\.(ts|sh)$/.test(name) && !name.endsWith('.test.ts')).sort()];
    for (const file of files) hash.update(`${file}\n`).update(await readFile(join(root, file)));
    return hash.digest('hex').slice(0, 12);
  })();
  return tag;
}
