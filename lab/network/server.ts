/** A server of the lab, a backend or DNS: the process that serves now, and the commands that every process of it is given. */
import type { HostProcess } from './drivers/driver.ts';
import type { Remote } from './remote.ts';

/** Commands to a server, whichever process serves at the moment. */
export interface Service {
  call<Result = unknown>(command: string, args?: object): Promise<Result>;
}

export class Server implements Service {
  readonly #startProcess: (listen?: readonly string[]) => Promise<Remote>;
  #remote: Remote | undefined;
  /** Where the process listens that serves now; undefined for its own addresses. */
  #listen: readonly string[] | undefined;
  /** The commands so far, in order. */
  readonly #told: { command: string; args: object }[] = [];

  /** `startProcess` starts a process of the server, on its own addresses or on `listen`, and resolves when it is ready. */
  constructor(startProcess: (listen?: readonly string[]) => Promise<Remote>) {
    this.#startProcess = startProcess;
  }

  /**
   * Starts a process that serves from now on: on `listen`, on the server's own addresses, or where the process before it listened. A configuration
   * outlives a process, so the new process is given every command that the earlier ones were given.
   */
  async start(listen: readonly string[] | 'own' | undefined = this.#listen): Promise<void> {
    const where = listen === 'own' ? undefined : listen;
    this.#remote = await this.#startProcess(where);
    this.#listen = where;
    for (const { command, args } of this.#told) await this.#remote.call(command, args);
  }

  /** The control plane of the process that serves now. */
  get remote(): Remote {
    if (!this.#remote) throw new Error('The server has not been started.');
    return this.#remote;
  }

  /** @throws {LabError} with the message of the process. */
  async call<Result = unknown>(command: string, args: object = {}): Promise<Result> {
    const result = await this.remote.call<Result>(command, args);
    this.#told.push({ command, args });
    return result;
  }

  /** The same for faults: one fault may be put in force or healed while another one has ended the process. The next process is given the command then. */
  get service(): Service {
    return {
      call: async <Result>(command: string, args: object = {}): Promise<Result> => {
        if (await this.isRunning()) return await this.call(command, args);
        this.#told.push({ command, args });
        return undefined as Result;
      },
    };
  }

  /** Whether the process is there. @throws {Error} when it is paused: it would not answer. */
  async isRunning(): Promise<boolean> {
    const state = await this.remote.process.state();
    if (state === 'T') throw new Error('its process is paused; heal `pause` first');
    return state !== null;
  }

  /** Starts another process beside the one that serves, on the same addresses. Returns the two ends of the old one, which may end now. */
  async startSuccessor(): Promise<{ old: Service; oldProcess: HostProcess }> {
    if (!(await this.isRunning())) throw new Error('its process is not running');
    const old = this.remote;
    old.expectExit();
    await this.start();
    return { old, oldProcess: old.process };
  }
}
