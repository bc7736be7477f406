/** Settings of the client's kernel, on docker: a container's network namespace takes them from its configuration alone, /proc/sys is read-only in it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sysctlsSince, type ClientSysctls } from '../../vocabulary/topology.ts';

/**
 * Calls `use` with what compose is to be told beyond docker-compose.yml: a file of its own, since a container whose kernel lacks a
 * setting does not start, so that nothing may be written that was not asked for.
 */
export async function withSysctls<Result>(asked: ClientSysctls, kernel: string, use: (args: string[]) => Promise<Result>): Promise<Result> {
  const sysctls = sysctlsFor(asked, kernel);
  if (Object.keys(sysctls).length === 0) return await use([]);
  const folder = await mkdtemp(join(tmpdir(), 'failover-lab-'));
  try {
    const file = join(folder, 'sysctls.json');
    // JSON is YAML; compose adds it to the sysctls that the host has already.
    await writeFile(file, JSON.stringify({ services: { client: { sysctls } } }));
    return await use(['--file', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Those that a kernel has. `kernel` is the engine's, `6.8.0-45-generic` for example. */
export function sysctlsFor(asked: ClientSysctls, kernel: string): ClientSysctls {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return Object.fromEntries(
    Object.entries(asked).filter(([name]) => {
      const [sinceMajor, sinceMinor] = sysctlsSince[name as keyof ClientSysctls];
      return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
    }),
  );
}
