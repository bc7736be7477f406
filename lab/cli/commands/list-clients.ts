/** `lab clients`: lists every client that a run can use, with its version, or with the way to install it. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFolder, nodeReleases } from '../../../client/external/node.ts';
import { clientHost, findClients, prepareClients } from '../../clients/find-client.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { startNetwork } from '../../network/start-network.ts';
import { LabError } from '../../vocabulary/errors.ts';
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
  if (install) for (const release of nodeReleases) await installNode(release);
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
  }
  return 0;
}

/** Installs one release of Node. The npm package `node` contains the binary of that release. */
async function installNode(release: (typeof nodeReleases)[number]): Promise<void> {
  const folder = nodeFolder(localRuntime, release);
  await mkdir(folder, { recursive: true });
  // An install script of the package fetches the binary. Newer releases of npm run such a script only if it is allowed by name.
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  console.error(`Installing node@${release} …`);
  const { status, stderr, error } = spawnSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', `node@${release}`], { encoding: 'utf8' });
  if (status !== 0) throw new LabError('MISSING_TOOL', `Could not install node@${release}: ${error?.message ?? stderr.trim()}`);
}
