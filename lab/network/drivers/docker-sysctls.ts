/** The client's kernel settings on docker. A container gets them only from its configuration, because /proc/sys is read-only in it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sysctlsSince, type ClientSysctls } from '../../vocabulary/topology.ts';

/**
 * Calls `use` with further arguments for compose: a `--file` with the settings, or none if no setting was asked for. The settings are not
 * in compose.yaml, because a container does not start if its kernel lacks one of them.
 */
export async function withSysctls<Result>(asked: ClientSysctls, kernel: string, use: (args: string[]) => Promise<Result>): Promise<Result> {
  const sysctls = sysctlsFor(asked, kernel);
  if (Object.keys(sysctls).length === 0) return await use([]);
  const folder = await mkdtemp(join(tmpdir(), 'failover-lab-'));
  try {
    const file = join(folder, 'sysctls.json');
    // JSON is also YAML. Compose adds these settings to those in compose.yaml.
    await writeFile(file, JSON.stringify({ services: { client: { sysctls } } }));
    return await use(['--file', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Returns the settings that the engine's kernel has. `kernel` is its release, for example `6.8.0-45-generic`. */
export function sysctlsFor(asked: ClientSysctls, kernel: string): ClientSysctls {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return Object.fromEntries(
    Object.entries(asked).filter(([name]) => {
      const [sinceMajor, sinceMinor] = sysctlsSince[name as keyof ClientSysctls];
      return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
    }),
  );
}
