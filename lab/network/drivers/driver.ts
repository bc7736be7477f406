/** What a driver must do: make hosts with the topology's addresses, and do few things with a host. All else is written once on top. */
import type { HostName, Topology } from '../../vocabulary/topology.ts';

/** A line of `doctor`: something a driver needs, whether it is there, what its absence costs and how to get it. */
export interface Requirement {
  name: string;
  found: boolean;
  observed: string;
  costs: string;
  /** The lab runs without it, at that cost. */
  optional?: boolean;
  remedy: string;
}

/** The Node binary, and the folder of this project. */
export interface Runtime {
  node: string;
  root: string;
}

export interface Driver {
  readonly name: string;
  /** How many labs can be up at the same time; any number where it is not set. */
  readonly maxLabs?: number;
  /** Looks without changing anything. */
  requirements(): Promise<Requirement[]>;
  /**
   * Makes the network and its hosts. A failed start leaves nothing behind.
   * @throws {LabError} MISSING_TOOL, NOT_SUPPORTED or START_FAILED.
   */
  start(topology: Topology): Promise<Network>;
}

/** A network that is up. Disposing it ends every process in it; doing so twice is the same as once. */
export interface Network extends AsyncDisposable {
  readonly driver: string;
  /** The container engine and its version, for the journal. */
  readonly engine?: string;
  /** What a Node program of this project is started with on a host: the Node binary, and the project's folder there. */
  readonly runtime: Runtime;
  host(name: HostName): Host;
  /**
   * Another host in the place of the client's: its network and its resolv.conf, with the files of an image. Where there are no
   * images there is no such thing.
   */
  clientFrom?(image: string): Promise<Host>;
  /** How the hosts' end of life is announced when it was not asked for. */
  readonly ended: Promise<string>;
}

export interface Host {
  readonly name: HostName;
  /**
   * Starts a long-lived process. Its streams are lines; it dies with the network. `privileged`: with the capabilities that the
   * host has over its own network (capabilities(7)), as `run` has; what is not asked for it need not have.
   */
  start(argv: readonly string[], options?: StartOptions): Promise<HostProcess>;
  /** Runs a command to its end. A non-zero exit code is a result, not an error. */
  run(argv: readonly string[]): Promise<CommandResult>;
  /** The argv which, on this machine, runs `argv` on the host: for terminals and shells. `directory` counts where the host has this machine's files. */
  command(argv: readonly string[], terminal?: { directory?: string; tty?: boolean }): string[];
}

export interface StartOptions {
  privileged?: boolean;
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface HostProcess {
  readonly pid: number;
  onLine(listener: (line: string) => void): void;
  send(line: string): void;
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** What the kernel says of the process: one letter as in proc_pid_stat(5), or null when it is gone. */
  state(): Promise<string | null>;
  readonly exited: Promise<ProcessExit>;
}

export interface ProcessExit {
  code: number | null;
  signal: string | null;
  /** The last of what it wrote to stderr. */
  stderr: string;
}
