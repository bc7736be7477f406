/**
 * The compose project of one lab. Each lab has a project of its own, so labs are up side by side, a project is never that of somebody's folder, and
 * what a lab removes is its own.
 *
 * Each project has a bridge of its own. The engine chooses IPv4 addresses from its pools, which never overlap, and the IPv6 network is a random
 * one. Inside the containers, the lab's own addresses take their place. A bridge carries frames, whatever their addresses are.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { readLines } from '../../vocabulary/lines.ts';
import { imageContext } from '../../vocabulary/project.ts';
import { addressesOf, createTopology, hostsOf, interfaceName, isBackend, sysctlsSince, type ClientSysctls, type HostName, type Topology } from '../../vocabulary/topology.ts';
import { untilUsable } from '../usable-address.ts';
import { composeCommand } from './docker-engine.ts';
import { ownerLabel, thisProcess } from './docker-owner.ts';

export interface Project {
  name: string;
  /** The filter of the engine's API that finds what belongs to this project. */
  filter: string[];
  /** The labels of everything that belongs to this project. */
  labels: Record<string, string>;
  /** The network that the engine is asked for: a random one of RFC 4193, so that no two labs have the same. */
  ipv6Subnet: string;
}

/** Returns a new project, which belongs to this process. */
export function newProject(): Project {
  const id = randomBytes(5).toString('hex');
  const name = `failover-lab-run-${id}`;
  return {
    name,
    filter: [`com.docker.compose.project=${name}`],
    labels: { [ownerLabel]: JSON.stringify(thisProcess()) },
    ipv6Subnet: `fd${id.slice(0, 2)}:${id.slice(2, 6)}:${id.slice(6)}::/64`,
  };
}

/** The backends that compose.yaml has. A lab with more of them has copies of the first one. */
const backendsOfFile = createTopology().backends;

/** Returns what this lab adds to compose.yaml: its labels, its network, the client's kernel settings, and the backends that are not there. */
export function composeFile({ labels, ipv6Subnet }: Project, topology: Topology, sysctls: ClientSysctls): object {
  // Compose replaces variables in all values: `$$` stands for `$`.
  const escaped = Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, value.replaceAll('$', '$$$$')]));
  const copied = { file: join(imageContext, 'compose.yaml'), service: 'backend-1' };
  return {
    services: Object.fromEntries(hostsOf(topology).map((name) => [name, { ...(isBackend(name) && !backendsOfFile.includes(name) && { extends: copied }), labels: escaped, ...(name === 'client' && { sysctls }) }])),
    networks: { lab: { enable_ipv6: true, labels: { 'failover-lab': 'network', ...escaped }, ipam: { config: [{ subnet: ipv6Subnet }] } } },
  };
}

/**
 * Returns the kernel settings that the engine's kernel has. `kernel` is its release, for example `6.8.0-45-generic`. They are not in
 * compose.yaml, because a container does not start if its kernel lacks one of them. A container gets them only from its configuration,
 * because /proc/sys is read-only in it.
 */
export function sysctlsFor(asked: ClientSysctls, kernel: string): ClientSysctls {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return Object.fromEntries(
    Object.entries(asked).filter(([name]) => {
      const [sinceMajor, sinceMinor] = sysctlsSince[name as keyof ClientSysctls];
      return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
    }),
  );
}

/**
 * The shell script that gives a container the lab's addresses in the place of the engine's. The routes by way of the engine's bridge go, too: a
 * packet to another network fails with ENETUNREACH, as on the netns driver. `nodad`: without it, an address would be tentative for a second. A host
 * without IPv6 also loses its link-local address; the kernel gives it another one only when the link comes up.
 */
export function buildAddressScript(topology: Topology, name: HostName): string {
  const addresses = addressesOf(topology, name);
  const ipv6 = addresses.filter((each) => each.includes(':'));
  return `ip address flush dev ${interfaceName} scope global && ip -6 route flush default${ipv6.length > 0 ? '' : ` && ip -6 address flush dev ${interfaceName}`} &&
${addresses.map((each) => `ip address add ${each} dev ${interfaceName}${each.includes(':') ? ' nodad' : ''}`).join(' && ')} && {
${untilUsable(ipv6, interfaceName)}
}`;
}

/** Builds the lab's image. Only the service `dns` has the section for it. `onLine` gets each line that the builder writes. @throws the error of execa, with all output of compose. */
export async function composeBuild(project: Project, settings: Record<string, string>, limitMs: number, signal: AbortSignal, onLine: (line: string) => void): Promise<void> {
  await compose(project, ['build', 'dns'], settings, limitMs, signal, onLine);
}

/** Makes the network and the containers, and starts them. @throws the error of execa, with all output of compose. */
export async function composeUp(project: Project, topology: Topology, sysctls: ClientSysctls, settings: Record<string, string>, limitMs: number, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'failover-lab-'));
  try {
    const file = join(folder, 'lab.json');
    // JSON is also YAML.
    await writeFile(file, JSON.stringify(composeFile(project, topology, sysctls)));
    await compose(project, ['--file', file, 'up', '--detach', '--no-build', ...hostsOf(topology)], settings, limitMs, signal);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** `docker compose` is a plugin, a process of its own. After the first signal it gets this time to end. */
const endLimitMs = 5_000;

/** Runs compose on compose.yaml. When `signal` aborts, or the time is over, compose is ended with all its processes. */
async function compose({ name }: Project, args: string[], settings: Record<string, string>, limitMs: number, signal: AbortSignal, onLine?: (line: string) => void): Promise<void> {
  const [file = '', ...before] = await composeCommand();
  const running = execa(file, [...before, '--project-name', name, '--file', 'compose.yaml', ...args], {
    cwd: imageContext,
    timeout: limitMs,
    stdin: 'ignore',
    // A build tells what failed on stdout or on stderr, depending on compose and on the builder.
    all: true,
    // Ctrl-C at the terminal must reach only this process. compose would stop at once, and leave half a lab behind.
    detached: true,
    env: settings,
  });
  if (onLine) readLines(running.all, onLine);
  const signalAll = (which: NodeJS.Signals): void => {
    try {
      // The whole process group: the command and its plugin.
      if (running.pid !== undefined) process.kill(-running.pid, which);
    } catch {
      // compose has just ended by itself.
    }
  };
  let force: NodeJS.Timeout | undefined;
  const end = (): void => {
    signalAll('SIGTERM');
    force ??= setTimeout(signalAll, endLimitMs, 'SIGKILL');
  };
  const limit = setTimeout(end, limitMs);
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  try {
    await running;
  } finally {
    clearTimeout(limit);
    clearTimeout(force);
    signal.removeEventListener('abort', end);
  }
}
