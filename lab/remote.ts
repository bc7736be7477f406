/** The control plane's near end: commands to a process on a host, and its events. See services/control.ts for the lines. */
import { LabError } from './errors.ts';
import type { EmittedEvent } from './events.ts';
import type { HostProcess, ProcessExit } from './drivers/driver.ts';

interface Pending {
  resolve(result: unknown): void;
  reject(error: LabError): void;
}

/** A process that speaks the control protocol. */
export class Remote {
  readonly process: HostProcess;
  readonly name: string;
  /** Resolves when the process says that it does its work; rejects when it ends instead. */
  readonly ready: Promise<void>;
  #expectedToExit = false;
  #exit: LabError | undefined;
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();

  constructor(name: string, hostProcess: HostProcess, onEvent: (event: EmittedEvent) => void, onUnexpectedExit: (reason: string) => void) {
    this.name = name;
    this.process = hostProcess;
    let becomeReady: Pending | undefined;
    this.ready = new Promise((resolve, reject) => {
      becomeReady = { resolve: () => { resolve(); }, reject };
    });
    // Whoever waits sees the rejection; where nobody waits any more it is no news.
    this.ready.catch(() => undefined);
    hostProcess.onLine((line) => {
      this.#receive(line, onEvent, becomeReady);
    });
    void hostProcess.exited.then((exit) => {
      const reason = exitText(exit);
      const error = new LabError('PROCESS_EXITED', `${name} ended: ${reason}.`);
      this.#exit = error;
      becomeReady?.reject(error);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
      if (!this.#expectedToExit) onUnexpectedExit(reason);
    });
  }

  /**
   * Runs `command` in the process.
   * @throws {LabError} BAD_INPUT with the process' own message, PROCESS_EXITED, or TIME_LIMIT after `limitMs`.
   */
  call<Result = unknown>(command: string, args: object = {}, limitMs = 30_000): Promise<Result> {
    if (this.#exit) return Promise.reject(this.#exit);
    const id = ++this.#lastId;
    return new Promise<Result>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new LabError('TIME_LIMIT', `${this.name} did not answer \`${command}\` within ${limitMs} ms.`));
      }, limitMs);
      const settled = (): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
      };
      this.#pending.set(id, {
        resolve: (result) => { settled(); resolve(result as Result); },
        reject: (error) => { settled(); reject(error); },
      });
      this.process.send(JSON.stringify({ id, command, args }));
    });
  }

  /** From here on the process may end without that being an accident. */
  expectExit(): void {
    this.#expectedToExit = true;
  }

  #receive(line: string, onEvent: (event: EmittedEvent) => void, becomeReady: Pending | undefined): void {
    let message: { id?: number; result?: unknown; error?: string; event?: string; ready?: true };
    try {
      message = JSON.parse(line) as typeof message;
      // `null` and `5` are JSON too.
      if (typeof message !== 'object' || (message as unknown) === null || Array.isArray(message)) throw new TypeError('no object');
    } catch {
      const error = new LabError('BAD_OUTPUT', `Expected ${this.name} to write JSON lines, got \`${line.slice(0, 200)}\`.`);
      becomeReady?.reject(error);
      for (const { reject } of this.#pending.values()) reject(error);
      return;
    }
    if (message.event !== undefined) onEvent(message as EmittedEvent);
    else if (message.ready) becomeReady?.resolve(undefined);
    else if (message.id !== undefined) {
      const pending = this.#pending.get(message.id);
      if (message.error !== undefined) pending?.reject(new LabError('BAD_INPUT', `${this.name}: ${message.error}`));
      else pending?.resolve(message.result);
    }
  }
}

function exitText({ code, signal, stderr }: ProcessExit): string {
  const how = signal ?? `exit status ${String(code)}`;
  return stderr ? `${how}; it wrote: ${stderr}` : how;
}
