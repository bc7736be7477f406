/** Which program runs on which host, and with what it is started. */
import { fileURLToPath } from 'node:url';
import type { Runtime } from './drivers/driver.ts';
import type { BackendOptions } from '../../services/backend/main.ts';
import type { DnsServerOptions } from '../../services/dns/main.ts';
import { backendNames, dnsPort, domain, httpPort, webName, type BackendName, type Topology } from '../vocabulary/topology.ts';

/** This machine's: the Node that runs the lab, and the folder it runs from. */
export const localRuntime: Runtime = { node: process.execPath, root: fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '') };

/** A Node program of this project, as it is started where `runtime` says. */
export function programArgv({ node, root }: Runtime, path: string, ...args: string[]): string[] {
  return [node, `${root}/${path}`, ...args];
}

export function nodeArgv(path: string, ...args: string[]): string[] {
  return programArgv(localRuntime, path, ...args);
}

export function backendArgv({ hosts }: Topology, backend: BackendName, seed: string, runtime = localRuntime, listen: readonly string[] = [hosts[backend].ipv4, hosts[backend].ipv6]): string[] {
  const options: BackendOptions = { listen: [...listen], port: httpPort, sharePort: true, seed };
  return programArgv(runtime, 'services/backend/main.ts', JSON.stringify(options));
}

/** `web.lab.test` is all three backends; each host also has a name of its own. */
export function dnsArgv({ hosts }: Topology, seed: string, runtime = localRuntime): string[] {
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
      ...backendNames.flatMap((name) => both(webName, hosts[name])),
      ...[...backendNames, 'dns' as const].flatMap((name) => both(`${name}.${domain}`, hosts[name])),
    ],
    observers: [hosts.observer.ipv4, hosts.observer.ipv6],
  };
  return programArgv(runtime, 'services/dns/main.ts', JSON.stringify(options));
}
