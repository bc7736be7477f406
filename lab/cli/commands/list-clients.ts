/** `lab clients`: lists every client that a run can use, with its version, or with the way to install it. */
import { spawnSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { npmInstallations, profiles } from '../../../client/external/index.ts';
import { npmFolder, packageName } from '../../../client/external/npm.ts';
import { programPath, type Profile, type VariantTable } from '../../../client/external/profile.ts';
import { clientHost, findClients, prepareClients } from '../../clients/find-client.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { startNetwork } from '../../network/start-network.ts';
import { LabError } from '../../vocabulary/errors.ts';
import type { NpmInstallation } from '../../vocabulary/installation.ts';
import { expectedOf } from '../../vocabulary/values.ts';
import { unlessAborted } from '../../vocabulary/limits.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { localRuntime } from '../../network/programs.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { interruptSignal } from '../interrupt.ts';

/** Exit status: 0. @throws {LabError} (exit status 3) when something could not be installed. */
export async function listClients({ driver: driverName, install }: { driver: string; install?: boolean }): Promise<number> {
  const driver = await chooseDriver(driverName);
  if (install && driver.name !== 'netns') {
    throw new LabError('NOT_SUPPORTED', 'Clients are installed on this machine, and only the hosts of the netns driver see its files. On docker, build the image of the lab with them (WITH=clients), or run a client from its own image (--client-image IMAGE).');
  }
  if (install) for (const each of npmInstallations) await installFromNpm(each);
  const signal = interruptSignal();
  await using network = await startNetwork(driver, createTopology(), signal);
  const host = clientHost(network);
  const listings = await unlessAborted(signal, async () => {
    if (install) {
      await prepareClients(host, (name) => { console.error(`Preparing ${name} …`); });
    }
    return await findClients(host, network.driver);
  });
  const width = Math.max(...listings.map(({ name }) => name.length));
  const versionWidth = Math.max(...listings.map(({ version }) => version?.length ?? 0));
  for (const { name, version, reason, speaks = '' } of listings) {
    console.log(`  ${version === null ? pc.dim(name.padEnd(width)) : pc.bold(name.padEnd(width))}  ${version === null ? pc.dim(`not found: ${reason ?? ''}`) : `${version.padEnd(versionWidth)}  ${pc.dim(speaks)}`}`);
    for (const line of variantLines(all[name]?.variants ?? {})) console.log(`  ${' '.repeat(width)}  ${pc.dim(line)}`);
  }
  return 0;
}

const all: Record<string, Profile> = profiles;

/** The options that may stand behind the name of a client: `?timeout=… (a whole number): how long …`. */
function variantLines(variants: VariantTable): string[] {
  return Object.entries(variants).map(([key, { kind, doc }]) => `?${key}=… ${doc} (${expectedOf(kind)})`);
}

/** Installs a package into its folder, and links the programs there, so that their imports find it (client/external/npm.ts). */
async function installFromNpm({ npm, folder: name }: NpmInstallation): Promise<void> {
  const folder = npmFolder(localRuntime, name);
  await mkdir(folder, { recursive: true });
  // The packages that are a binary fetch it in an install script. Newer releases of npm run such a script only if it is allowed by name.
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { [packageName(npm)]: true } }));
  console.error(`Installing ${npm} …`);
  const { status, stderr, error } = spawnSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', npm], { encoding: 'utf8' });
  if (status !== 0) throw new LabError('MISSING_TOOL', `Could not install ${npm}: ${error?.message ?? stderr.trim()}`);
  await rm(join(folder, 'programs'), { force: true });
  await symlink(relative(folder, dirname(programPath(localRuntime, 'lab_protocol.mjs'))), join(folder, 'programs'));
}
