/** Finds the resolver that stands between the client and the DNS server, and starts it. What each one is: services/resolver/. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { resolverPrograms } from '../../services/resolver/index.ts';
import type { ResolverOptions } from '../../services/resolver/main.ts';
import type { Driver, Network, Requirement } from '../network/drivers/driver.ts';
import { searchPath } from '../network/drivers/netns-requirements.ts';
import { programArgv } from '../network/programs.ts';
import { LabError } from '../vocabulary/errors.ts';
import { installText } from '../vocabulary/installation.ts';
import { resolverHosts, resolverNames, type ResolverName } from '../vocabulary/resolvers.ts';
import type { Topology } from '../vocabulary/topology.ts';
import type { Processes } from './processes.ts';

/** A resolver of this machine. */
export interface FoundResolver {
  name: ResolverName;
  /** The path of its program. */
  file: string;
  version: string;
}

/** Debian keeps programs here that are not meant for a shell. */
const serviceFolders = ['/usr/lib/systemd', '/lib/systemd'];

/**
 * Looks for a resolver on this machine.
 * @throws {LabError} MISSING_TOOL with the Debian package if it is not there; NOT_SUPPORTED on docker, and for a version that cannot do what is asked.
 */
export async function findResolver(name: ResolverName, driver: Pick<Driver, 'name'>, { serveStale = false } = {}): Promise<FoundResolver> {
  expectDriver(driver);
  const { install, staleSince } = resolverPrograms[name];
  const found = await lookFor(name);
  if (!found) throw new LabError('MISSING_TOOL', `The resolver \`${name}\` was not found on PATH, in /usr/sbin, /sbin or /usr/lib/systemd. To get it: ${installText(install)}.`);
  if (serveStale && !isSince(found.version, staleSince)) {
    throw new LabError('NOT_SUPPORTED', `${name} ${found.version} has no setting to answer with expired records (RFC 8767)${staleSince === null ? '' : `; ${name} has it since ${staleSince}`}.`);
  }
  return found;
}

/** The first resolver that this machine has. @throws {LabError} MISSING_TOOL if it has none; NOT_SUPPORTED on docker. */
export async function firstResolver(driver: Pick<Driver, 'name'>): Promise<ResolverName> {
  expectDriver(driver);
  for (const name of resolverNames) if (await lookFor(name)) return name;
  throw new LabError('MISSING_TOOL', `No resolver with a cache was found on this machine. To get one: ${anyOfThem}.`);
}

/** Why a scenario that needs a resolver cannot run here, or null. It is asked before a lab is made. */
export async function missingResolver(driver: Pick<Driver, 'name'>): Promise<string | null> {
  if (driver.name === 'docker') return 'needs a resolver between client and DNS server, which the docker driver does not have';
  for (const name of resolverNames) if (await lookFor(name)) return null;
  return `needs a resolver with a cache: ${anyOfThem}`;
}

/** How to get one of them, the first choice first. */
const anyOfThem = resolverNames.map((name) => installText({ packages: resolverPrograms[name].install.packages })).join(', or ');

/** What `lab doctor` shows of the resolvers. */
export async function resolverRequirements(): Promise<Requirement[]> {
  return await Promise.all(
    resolverNames.map(async (name) => {
      const found = await lookFor(name);
      return { name, found: found !== null, observed: found ? `${found.file}, ${found.version}` : 'not found', costs: `runs with --resolver ${name}`, optional: true, remedy: installText(resolverPrograms[name].install) };
    }),
  );
}

/** Starts the resolver of a lab on its host, and resolves when it accepts questions. Its end during a run is a doubt. */
export async function startResolver({ name, file }: FoundResolver, { hosts, serveStale }: Topology, network: Network, processes: Processes): Promise<void> {
  const host = resolverHosts[name];
  const options: ResolverOptions = { name, file, setting: { ...hosts[host], server: hosts.dns.ipv4, serveStale, folder: `/run/lab-${name}` } };
  await processes.start(host, `the resolver ${name}`, programArgv(network.runtime, 'services/resolver/main.ts', JSON.stringify(options)), { privileged: true });
}

function expectDriver({ name }: Pick<Driver, 'name'>): void {
  if (name === 'docker') throw new LabError('NOT_SUPPORTED', 'A resolver between the client and the DNS server needs the netns driver. On docker the lab has none.');
}

/** What was found before: a run asks before it begins, and again when it makes its lab. */
const looked = new Map<string, Promise<FoundResolver | null>>();

function lookFor(name: ResolverName): Promise<FoundResolver | null> {
  const key = `${name} ${searchPath()}`;
  const found = looked.get(key) ?? lookOnceFor(name);
  looked.set(key, found);
  return found;
}

async function lookOnceFor(name: ResolverName): Promise<FoundResolver | null> {
  const { file, version } = resolverPrograms[name];
  for (const folder of [...searchPath().split(delimiter), ...serviceFolders]) {
    const path = join(folder, file);
    if (!(await access(path, constants.X_OK).then(() => true, () => false))) continue;
    const { stdout, stderr } = await promisify(execFile)(path, [...version]).catch(() => ({ stdout: '', stderr: '' }));
    const text = /\d+\.[\d.]*\d|\b\d{3}\b/.exec(`${stdout}${stderr}`)?.[0];
    if (text !== undefined) return { name, file: path, version: text };
  }
  return null;
}

function isSince(version: string, since: string | null): boolean {
  return since !== null && version.localeCompare(since, 'en', { numeric: true }) >= 0;
}
