/** A web server that is not ours, in a backend's place: found where it is installed, configured to answer as a backend does, reloaded as its manual says. */
import type { CommandResult, Host } from '../../network/drivers/driver.ts';
import type { BackendName } from '../../vocabulary/topology.ts';

export interface ExternalServer {
  summary: string;
  /** How to get it, for who has not. */
  install: string;
  /** The argv that tells the version, and fails where the program is not there. */
  version: readonly string[];
  /** The configuration; `directory` is writable and the server's alone. */
  configuration(listen: Listen, directory: string): string;
  /** The argv of a server in the foreground, with the configuration at `file`. */
  start(file: string, directory: string): string[];
  /** Makes way for a new process with the same configuration, as its manual says. */
  reload(means: ReloadMeans): Promise<void>;
}

export interface Listen {
  name: BackendName;
  addresses: readonly string[];
  port: number;
}

export interface ReloadMeans {
  host: Host;
  file: string;
  directory: string;
  /** Every process of the server so far, as the host numbers them, the first one first. */
  pids: readonly number[];
  /** Starts one more. */
  start(argv: readonly string[]): Promise<void>;
}

/** @throws {Error} with the command and what it wrote. */
export async function expectSuccess(result: Promise<CommandResult>, what: string): Promise<void> {
  const { exitCode, stderr, stdout } = await result;
  if (exitCode !== 0) throw new Error(`${what} ended with ${exitCode}: ${stderr || stdout}`);
}
