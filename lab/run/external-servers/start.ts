/** Puts a web server that is not ours in a backend's place. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { externalServers, type ExternalServerName } from './index.ts';
import type { Driver } from '../../network/drivers/driver.ts';
import { searchPath } from '../../network/drivers/netns-requirements.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import type { Lab } from '../lab.ts';
import { httpPort, type BackendName } from '../../vocabulary/topology.ts';

export interface RunningServer {
  version: string;
  /** Makes way for a new process, as the server's manual says; resolves when the old one has stopped listening. */
  reload(): Promise<void>;
}

/** A reload takes some 10 to 100 ms. */
const reloadLimitMs = 5_000;

/**
 * Ends the backend's own server, and starts another on its addresses; resolves when it answers on both families.
 * @throws {LabError} MISSING_TOOL where it is not installed, START_FAILED when it does not come up.
 */
export async function startExternalServer(lab: Lab, name: ExternalServerName, backend: BackendName): Promise<RunningServer> {
  const server = externalServers[name];
  const host = lab.host(backend);
  const asked = await host.run([...server.version]);
  if (asked.exitCode !== 0) throw new LabError('MISSING_TOOL', `The server \`${name}\` is not on ${backend}'s host. To get it: ${server.install}.`);
  const own = lab.server(backend).remote;
  own.expectExit();
  await own.process.signal('SIGKILL');
  await own.process.exited;

  // A lab's /run is its own, and goes with it.
  const directory = `/run/${name}-${backend}`;
  const file = `${directory}/${name}.conf`;
  const { ipv4, ipv6 } = lab.topology.hosts[backend];
  const pids: number[] = [];
  const start = async (argv: readonly string[]): Promise<void> => {
    // What the host calls the process need not be what this machine does (pid_namespaces(7)): a shell tells, and becomes it.
    const started = await host.start(['sh', '-c', 'echo "$$"; exec "$@"', 'sh', ...argv], { privileged: true });
    pids.push(await new Promise<number>((resolve) => { started.onLine((line) => { resolve(Number(line)); }); }));
  };
  try {
    const configuration = server.configuration({ name: backend, addresses: [ipv4, ipv6], port: httpPort }, directory);
    await host.run(['sh', '-c', 'mkdir -p "$1" && printf %s "$3" >"$2"', 'sh', directory, file, configuration]);
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
      // Both processes listen for a while. The old one closes its listening sockets first, and its idle connections then.
      const idle = await lab.probe.hold(backend, 4);
      await idle.get('/', { timeoutMs: reloadLimitMs });
      await server.reload({ host, file, directory, pids, start });
      const { outcome } = await idle.ended(reloadLimitMs);
      await idle.release();
      if (outcome !== 'FIN') throw new LabError('START_FAILED', `${name} was reloaded on ${backend}, and an idle connection is still ${outcome} after ${reloadLimitMs} ms.`);
    },
  };
}

/** Why a scenario cannot be run here, or null: what it needs is looked for before any lab is made. */
export async function missingServer(needs: ExternalServerName | undefined, driver: Pick<Driver, 'name'>): Promise<string | null> {
  if (needs === undefined) return null;
  if (driver.name !== 'netns') return `needs ${needs}, which the containers have not`;
  const [file = '', ...args] = externalServers[needs].version;
  const found = await promisify(execFile)(file, args, { env: { ...process.env, PATH: searchPath() } }).then(() => true, () => false);
  return found ? null : `needs ${needs}: ${externalServers[needs].install}`;
}
