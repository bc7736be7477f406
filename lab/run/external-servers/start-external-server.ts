/** Puts an external server in the place of a backend. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { externalServers, type ExternalServerName } from './index.ts';
import type { Driver } from '../../network/drivers/driver.ts';
import { imagePackages } from '../../vocabulary/installation.ts';
import { searchPath } from '../../network/drivers/netns-requirements.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { howToGet } from '../../vocabulary/installation.ts';
import type { Lab } from '../lab.ts';
import { portOf, type BackendName } from '../../vocabulary/topology.ts';

export interface RunningServer {
  version: string;
  /** Replaces the server's process, as its manual says. Resolves when the old process has stopped listening. */
  reload(): Promise<void>;
}

/** A reload takes some 10 to 100 ms. */
const reloadLimitMs = 5_000;

/**
 * Ends the lab's own server of a backend, and starts an external one on its addresses. Resolves when that one answers on both families.
 * @throws {LabError} MISSING_TOOL where it is not installed, START_FAILED when it does not answer.
 */
export async function startExternalServer(lab: Lab, name: ExternalServerName, backend: BackendName): Promise<RunningServer> {
  const server = externalServers[name];
  const host = lab.host(backend);
  const asked = await host.run([...server.version]);
  if (asked.exitCode !== 0) throw new LabError('MISSING_TOOL', `The server \`${name}\` is not on the host of ${backend}. To get it: ${howToGet(server.install, lab.network.driver)}.`);
  const own = lab.server(backend).remote;
  own.expectExit();
  await own.process.signal('SIGKILL');
  await own.process.exited;

  // Each lab has its own /run, which ends with the lab.
  const directory = `/run/${name}-${backend}`;
  const file = `${directory}/${name}.conf`;
  const { ipv4, ipv6 } = lab.topology.hosts[backend];
  const pids: number[] = [];
  const start = async (argv: readonly string[]): Promise<void> => {
    // The pid on the host may differ from the pid on this machine (pid_namespaces(7)). So a shell prints its own pid, and becomes the server.
    const started = await host.start(['sh', '-c', 'echo "$$"; exec "$@"', 'sh', ...argv], { privileged: true });
    pids.push(await new Promise<number>((resolve) => { started.onLine((line) => { resolve(Number(line)); }); }));
  };
  try {
    const pair = await lab.certificates?.of(backend, 'good');
    const certificate = pair && `${directory}/server.pem`;
    const configuration = server.configuration({ name: backend, addresses: [ipv4, ipv6], port: portOf(lab.topology, backend), ...(certificate && { tls: { certificate, offers: lab.topology.offers } }) }, directory);
    const write = 'mkdir -p "$1"; shift; while [ $# -gt 0 ]; do printf %s "$2" >"$1"; shift 2; done';
    await host.run(['sh', '-ec', write, 'sh', directory, file, configuration, ...(certificate ? [certificate, pair.cert + pair.key] : [])]);
    await start(server.start(file, directory));
    const { seen, observed } = await lab.probe.answers(backend);
    if (!seen) throw new LabError('START_FAILED', `${name} did not answer on ${backend}: ${observed}.`);
  } catch (error) {
    throw error instanceof LabError ? error : new LabError('START_FAILED', `Could not start ${name} on ${backend}: ${messageOf(error)}`, { cause: error });
  }
  const version = /\d+\.\d+[\w.-]*/.exec(`${asked.stdout}${asked.stderr}`)?.[0] ?? 'not known';
  return {
    version,
    reload: async () => {
      // Both processes listen for a while. The old one closes its listening sockets first, and then its idle connections. So the end of an idle connection shows that it has stopped listening.
      const idle = await lab.probe.hold(backend, 4);
      await idle.get('/', { timeoutMs: reloadLimitMs });
      await server.reload({ host, file, directory, pids, start });
      const { outcome } = await idle.ended(reloadLimitMs);
      await idle.release();
      if (outcome !== 'FIN') throw new LabError('START_FAILED', `${name} was reloaded on ${backend}, and an idle connection is still ${outcome} after ${reloadLimitMs} ms.`);
    },
  };
}

/** Why a scenario that needs an external server cannot run here, or null. It is asked before a lab is made. */
export async function missingServer(needs: ExternalServerName | readonly ExternalServerName[] | undefined, driver: Pick<Driver, 'name'>): Promise<string | null> {
  for (const each of needs === undefined ? [] : [needs].flat()) {
    const reason = await whyMissing(each, driver);
    if (reason !== null) return reason;
  }
  return null;
}

async function whyMissing(name: ExternalServerName, driver: Pick<Driver, 'name'>): Promise<string | null> {
  const { install, version: [file = '', ...args] } = externalServers[name];
  const reason = `needs ${name}: ${howToGet(install, driver.name)}`;
  // Only a container could tell what its image has. What the image is built with is known before.
  if (driver.name === 'docker') return imagePackages().some((word) => word === name || word.startsWith(`${name}-`)) ? null : reason;
  const found = await promisify(execFile)(file, args, { env: { ...process.env, PATH: searchPath() } }).then(() => true, () => false);
  return found ? null : reason;
}
