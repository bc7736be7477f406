/** The lab's side of the control protocol: sends commands to a process on a host, and receives its events. The lines: lab/vocabulary/control.ts. */
import { LabError } from '../vocabulary/errors.ts';
import type { EmittedEvent } from '../vocabulary/events.ts';
import type { HostProcess, ProcessExit } from './drivers/driver.ts';
import { parseControlLine } from '../vocabulary/json-lines.ts';

interface Pending {
  resolve(result: unknown): void;
  reject(error: LabError): void;
}

/** What a process may write beside events and answers. */
export interface Listeners {
  /** Receives the frames that a capture writes. */
  onFrames?: (records: Buffer) => void;
  /** Receives the secrets of TLS connections: lines of a key log. */
  onSecret?: (line: string) => void;
}

/** A process on a host that speaks the control protocol. */
export class Remote {
  readonly process: HostProcess;
  readonly name: string;
  /** Resolves when the process says that it is ready. Rejects if it ends before that, or writes a line that is not part of the protocol. */
  readonly ready: Promise<void>;
  #expectedToExit = false;
  /** Set when the process can no longer answer commands. */
  #broken: LabError | undefined;
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();

  /**
   * `onTrouble` is called when the process ends unexpectedly, and when it writes a line that is not part of the protocol.
   * `onFrames` receives the frames that the capture process writes, and `onSecret` the secrets of TLS connections (lines of a key log).
   */
  constructor(
    name: string,
    hostProcess: HostProcess,
    onEvent: (event: EmittedEvent) => void,
    onTrouble: (reason: string) => void,
    { onFrames = () => undefined, onSecret = () => undefined }: Listeners = {},
  ) {
    this.name = name;
    this.process = hostProcess;
    let becomeReady: Pending | undefined;
    this.ready = new Promise((resolve, reject) => {
      becomeReady = { resolve: () => { resolve(); }, reject };
    });
    // A caller that awaits `ready` sees the rejection. Without this line, a rejection that nobody awaits would end the lab's own process.
    this.ready.catch(() => undefined);
    hostProcess.onLine((line) => {
      this.#receive(line, onEvent, onTrouble, { onFrames, onSecret }, becomeReady);
    });
    void hostProcess.exited.then((exit) => {
      const reason = exitText(exit);
      const error = new LabError('PROCESS_EXITED', `${name} ended: ${reason}.`);
      this.#broken = error;
      becomeReady?.reject(error);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
      if (!this.#expectedToExit) onTrouble(`ended: ${reason}`);
    });
  }

  /**
   * Sends `command` to the process and returns its result.
   * @throws {LabError} BAD_INPUT with the message of the process; PROCESS_EXITED when the process has ended; BAD_OUTPUT when it wrote a
   * line that is not part of the protocol; TIME_LIMIT when no answer came within `limitMs`.
   */
  call<Result = unknown>(command: string, args: object = {}, limitMs = 30_000): Promise<Result> {
    if (this.#broken) return Promise.reject(this.#broken);
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

  /** From now on the end of the process is expected, and `onTrouble` is not called for it. */
  expectExit(): void {
    this.#expectedToExit = true;
  }

  #receive(
    line: string,
    onEvent: (event: EmittedEvent) => void,
    onTrouble: (reason: string) => void,
    { onFrames, onSecret }: Required<Listeners>,
    becomeReady: Pending | undefined,
  ): void {
    const message = parseControlLine(line);
    if (message === undefined) {
      const error = new LabError('BAD_OUTPUT', `Expected ${this.name} to write JSON lines, got \`${line.slice(0, 200)}\`.`);
      this.#broken = error;
      becomeReady?.reject(error);
      for (const { reject } of this.#pending.values()) reject(error);
      onTrouble(`wrote \`${line.slice(0, 200)}\`, which is not a line of the control protocol`);
    } else if ('event' in message) onEvent(message);
    else if ('frames' in message) onFrames(Buffer.from(message.frames, 'base64'));
    else if ('secret' in message) onSecret(message.secret);
    else if ('ready' in message) becomeReady?.resolve(undefined);
    else {
      const pending = this.#pending.get(message.id ?? 0);
      if (message.error !== undefined) pending?.reject(new LabError('BAD_INPUT', `${this.name}: ${message.error}`));
      else pending?.resolve(message.result);
    }
  }
}

function exitText({ code, signal, stderr }: ProcessExit): string {
  const how = signal ?? `exit status ${String(code)}`;
  return stderr ? `${how}; it wrote: ${stderr}` : how;
}
