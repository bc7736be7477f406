/**
 * The contract of a driver. A driver makes hosts with the topology's addresses, starts processes and runs commands on them, and does nothing
 * else. Everything else is written once, on top of this contract.
 */
import type { HostName, Topology } from '../../vocabulary/topology.ts';

/** Something that a driver needs from the machine. `lab doctor` prints it. */
export interface Requirement {
  name: string;
  found: boolean;
  /** What was seen: where it is, or why it cannot be used. */
  observed: string;
  /** What does not work without it, as a noun: `the netns driver`. */
  costs: string;
  /** Set when the driver runs without it. Only what `costs` names does not work then. */
  optional?: boolean;
  /** What to do to get it, as an instruction: `install nftables`. */
  remedy: string;
}

/** The name of a requirement that only some scenarios and faults have: to write the kernel settings of a host. */
export const kernelSettings = 'kernel settings';

/** The paths of the Node binary, of this project's folder, and of its build: null where programs run from the sources. */
export interface Runtime {
  node: string;
  root: string;
  build: string | null;
}

/** A way to make the lab network on this machine. */
export interface Driver {
  readonly name: string;
  /** Checks what the driver needs. Changes nothing. */
  requirements(): Promise<Requirement[]>;
  /**
   * Makes the network and its hosts. A start that fails leaves nothing behind. When `signal` aborts, the start gives up what takes long, removes
   * what it has made, and fails: a build of an image may take minutes.
   * @throws {LabError} MISSING_TOOL, NOT_SUPPORTED or START_FAILED. INTERRUPTED when `signal` aborts.
   */
  start(topology: Topology, signal?: AbortSignal): Promise<Network>;
}

/** A network that is up. Its disposal ends every process in it. A second disposal does nothing. */
export interface Network extends AsyncDisposable {
  readonly driver: string;
  /** The container engine and its version, for the journal. Not set if the driver has no engine. */
  readonly engine?: string;
  /** The paths of the Node binary and of this project's folder on a host. Node programs of this project are started with them. */
  readonly runtime: Runtime;
  /** A folder on every host for files that are gone with the network, however it ends. Every user may write there. */
  readonly scratch: string;
  host(name: HostName): Host;
  /**
   * Makes a host that replaces the client's host. It has the network and the resolv.conf of the client's host, and the files of `image`.
   * Not set if the driver has no images.
   */
  clientFrom?(image: string): Promise<Host>;
  /** Resolves when the hosts have ended, also if nobody asked for it. The text is the reason. */
  readonly ended: Promise<string>;
  /** Looks now whether all hosts are still there. Returns why not, or null. It answers within 30 s. */
  look(): Promise<string | null>;
  /** Calls `listener` for each thing that somebody outside the lab does to a host. Not set if the driver cannot see it. */
  onDisturbance?(listener: (host: HostName, reason: string) => void): void;
}

/** A host of the lab network. */
export interface Host {
  readonly name: HostName;
  /**
   * Starts a long-lived process. Its streams are lines of text, and it dies with the network. With `privileged`, the process has the
   * capabilities of the host over its own network (capabilities(7)), as the commands of `run` have. Without it, the process may lack them.
   */
  start(argv: readonly string[], options?: StartOptions): Promise<HostProcess>;
  /** Runs a command to its end. A non-zero exit code is a result, not an error. */
  run(argv: readonly string[]): Promise<CommandResult>;
  /**
   * Returns the argv that runs `argv` on the host when it is started on this machine: for terminals and shells.
   * `directory` is the working directory. It has an effect only if the host has this machine's files.
   */
  command(argv: readonly string[], terminal?: { directory?: string; tty?: boolean }): string[];
}

export interface StartOptions {
  privileged?: boolean;
  /** The folder in which the process starts. It must exist on the host. If it is not set: the folder in which the lab was started, or the image's. */
  directory?: string;
  /** A line of more characters than this comes in pieces. If it is not set: 32 million. */
  longestLine?: number;
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A process on a host. */
export interface HostProcess {
  readonly pid: number;
  /** Calls `listener` for each line that the process writes to stdout. A line that is too long comes in pieces of about `longestLine` characters. */
  onLine(listener: (line: string) => void): void;
  /** Writes a line to the stdin of the process. */
  send(line: string): void;
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** The kernel's state of the process: one letter as in proc_pid_stat(5), or null when the process is gone. */
  state(): Promise<string | null>;
  readonly exited: Promise<ProcessExit>;
}

/** How a process ended: with an exit code, or by a signal. */
export interface ProcessExit {
  code: number | null;
  signal: string | null;
  /** The last part of its stderr. */
  stderr: string;
}
