/** The control plane's near end: commands to a process on a host, and its events. See lab/vocabulary/control.ts for the lines. */
import { LabError } from '../vocabulary/errors.ts';
import { isEvent, type EmittedEvent } from '../vocabulary/events.ts';
import type { HostProcess, ProcessExit } from './drivers/driver.ts';
import { objectOf } from '../vocabulary/json-lines.ts';

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
  /** Why nothing can be asked of it any more. */
  #broken: LabError | undefined;
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();

  /** `onTrouble` hears of an end nobody asked for, and of output that is none of the protocol's; `onFrames` of what the capture writes. */
  constructor(
    name: string,
    hostProcess: HostProcess,
    onEvent: (event: EmittedEvent) => void,
    onTrouble: (reason: string) => void,
    onFrames: (records: Buffer) => void = () => undefined,
  ) {
    this.name = name;
    this.process = hostProcess;
    let becomeReady: Pending | undefined;
    this.ready = new Promise((resolve, reject) => {
      becomeReady = { resolve: () => { resolve(); }, reject };
    });
    // Whoever waits sees the rejection; where nobody waits any more it is no news.
    this.ready.catch(() => undefined);
    hostProcess.onLine((line) => {
      this.#receive(line, onEvent, onTrouble, onFrames, becomeReady);
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
   * Runs `command` in the process.
   * @throws {LabError} BAD_INPUT with the process' own message, PROCESS_EXITED, or TIME_LIMIT after `limitMs`.
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

  /** From here on the process may end without that being an accident. */
  expectExit(): void {
    this.#expectedToExit = true;
  }

  #receive(
    line: string,
    onEvent: (event: EmittedEvent) => void,
    onTrouble: (reason: string) => void,
    onFrames: (records: Buffer) => void,
    becomeReady: Pending | undefined,
  ): void {
    const message = parseMessage(line);
    if (message === undefined) {
      const error = new LabError('BAD_OUTPUT', `Expected ${this.name} to write JSON lines, got \`${line.slice(0, 200)}\`.`);
      this.#broken = error;
      becomeReady?.reject(error);
      for (const { reject } of this.#pending.values()) reject(error);
      onTrouble(`wrote \`${line.slice(0, 200)}\`, which is no line of the protocol`);
    } else if ('event' in message) onEvent(message);
    else if ('frames' in message) onFrames(Buffer.from(message.frames, 'base64'));
    else if ('ready' in message) becomeReady?.resolve(undefined);
    else {
      const pending = this.#pending.get(message.id ?? 0);
      if (message.error !== undefined) pending?.reject(new LabError('BAD_INPUT', `${this.name}: ${message.error}`));
      else pending?.resolve(message.result);
    }
  }
}

type Message = EmittedEvent | { frames: string } | { ready: true } | { id: number | null; result?: unknown; error?: string };

/** What a line says, or undefined when it is none of the protocol's: a client under test may write anything. */
function parseMessage(line: string): Message | undefined {
  const message = objectOf(line);
  if (message === undefined) return undefined;
  if ('event' in message) return isEvent(message) ? message : undefined;
  if ('frames' in message) return typeof message.frames === 'string' ? { frames: message.frames } : undefined;
  return 'ready' in message || ('id' in message && (typeof message.id === 'number' || message.id === null)) ? (message as Message) : undefined;
}

function exitText({ code, signal, stderr }: ProcessExit): string {
  const how = signal ?? `exit status ${String(code)}`;
  return stderr ? `${how}; it wrote: ${stderr}` : how;
}
