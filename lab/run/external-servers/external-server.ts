/** An external server: a web server that is not ours, in the place of a backend. It answers as a backend does, and is reloaded as its manual says. */
import type { CommandResult, Host } from '../../network/drivers/driver.ts';
import type { Installation } from '../../vocabulary/installation.ts';
import type { BackendName, HttpVersion } from '../../vocabulary/topology.ts';

export interface ExternalServer {
  summary: string;
  /** How to get it. */
  install: Installation;
  /** The argv that prints the version. It fails where the program is not installed. */
  version: readonly string[];
  /** The text of the configuration file. `directory` is writable, and no other process uses it. */
  configuration(listen: Listen, directory: string): string;
  /** The argv that runs the server in the foreground. `file` is the configuration file. */
  start(file: string, directory: string): string[];
  /** Replaces the process by a new one with the same configuration, as the manual says. */
  reload(means: ReloadMeans): Promise<void>;
}

export interface Listen {
  name: BackendName;
  addresses: readonly string[];
  port: number;
  /** Where the lab speaks HTTPS: the file with certificates and key (PEM), and the versions of HTTP, the preferred one first. */
  tls?: { certificate: string; offers: readonly HttpVersion[] };
}

export interface ReloadMeans {
  host: Host;
  file: string;
  directory: string;
  /** The pids of all processes of the server so far, as the host numbers them; the oldest one first. */
  pids: readonly number[];
  /** Starts one more process. */
  start(argv: readonly string[]): Promise<void>;
}

/** @throws {Error} with the command and what it wrote. */
export async function expectSuccess(result: Promise<CommandResult>, what: string): Promise<void> {
  const { exitCode, stderr, stdout } = await result;
  if (exitCode !== 0) throw new Error(`${what} ended with ${exitCode}: ${stderr || stdout}`);
}
