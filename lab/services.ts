/** Which program runs on which host, and with what it is started. */
import { fileURLToPath } from 'node:url';
import type { BackendOptions } from '../services/backend/main.ts';
import type { DnsServerOptions } from '../services/dns/main.ts';
import { backendNames, dnsPort, domain, httpPort, webName, type BackendName, type Topology } from './topology.ts';

const program = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Every program runs on the Node that runs the lab. */
export function nodeArgv(path: string, ...args: string[]): string[] {
  return [process.execPath, program(path), ...args];
}

export function backendArgv({ hosts }: Topology, backend: BackendName): string[] {
  const options: BackendOptions = { listen: [hosts[backend].ipv4, hosts[backend].ipv6], port: httpPort };
  return nodeArgv('services/backend/main.ts', JSON.stringify(options));
}

/** `web.lab.test` is all three backends; each host also has a name of its own. */
export function dnsArgv({ hosts }: Topology, seed: string): string[] {
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
  };
  return nodeArgv('services/dns/main.ts', JSON.stringify(options));
}
