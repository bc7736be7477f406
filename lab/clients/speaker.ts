/** One process that speaks the protocol of docs/clients.md. Everything that it writes is checked. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LongLived } from '../../client/external/profile.ts';
import type { RequestResult } from '../../client/requester.ts';
import type { Host, HostProcess, ProcessExit } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';
import type { EmittedEvent } from '../vocabulary/events.ts';
import { parseClientLine } from '../vocabulary/json-lines.ts';
import { excerpt } from '../vocabulary/printable.ts';
import type { ClientRequest } from './external-request.ts';
import { folderHint } from './own-folder.ts';

/** A trace has some ten events for each request. A client that writes without end must not fill the memory. */
const mostEvents = 100_000;
/** How much of a line a message quotes. */
const quotedCharacters = 200;

export interface SpeakerOptions {
  host: Pick<Host, 'start'>;
  name: string;
  program: LongLived;
  onEvent: (event: EmittedEvent) => void;
  /** Called when the process ends unexpectedly, and when it breaks the protocol. */
  onTrouble: (reason: string) => void;
}

interface Pending {
  resolve: (result: RequestResult | 'too late') => void;
  reject: (error: LabError) => void;
}

export class Speaker {
  readonly #process: HostProcess;
  readonly #options: SpeakerOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #ready = Promise.withResolvers<undefined>();
  #events = 0;
  #broken: LabError | undefined;
  #stopped = false;

  /** Starts the process. It may take requests before it says that it is ready. */
  static async start(options: SpeakerOptions): Promise<Speaker> {
    return new Speaker(await options.host.start(options.program.argv), options);
  }

  private constructor(process: HostProcess, options: SpeakerOptions) {
    this.#process = process;
    this.#options = options;
    this.#ready.promise.catch(() => undefined);
    process.onLine((line) => { this.#receive(line); });
    void process.exited.then((exit) => { this.#ended(exit); });
  }

  /** Resolves when the process says that it is ready. Rejects with LabError if it ends, or breaks the protocol, before that. */
  get ready(): Promise<undefined> {
    return this.#ready.promise;
  }

  /** Whether the process says that it is ready within the limit. Rejects as `ready` does. */
  async isReadyWithin(limitMs: number): Promise<boolean> {
    const over = new AbortController();
    const limit = sleep(limitMs, false, { signal: over.signal }).catch(() => false);
    try {
      return await Promise.race([this.#ready.promise.then(() => true), limit]);
    } finally {
      over.abort();
    }
  }

  /** Makes one request. @throws {LabError} if the process ends, or breaks the protocol. */
  async request({ number, method, url, timeoutMs, limitMs }: ClientRequest): Promise<RequestResult | 'too late'> {
    if (this.#broken) throw this.#broken;
    const { promise, resolve, reject } = Promise.withResolvers<RequestResult | 'too late'>();
    const timer = setTimeout(resolve, limitMs, 'too late');
    this.#pending.set(number, { resolve, reject });
    this.#process.send(JSON.stringify({ id: number, method, url, ...(timeoutMs === null ? {} : { timeoutMs }) }));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(number);
    }
  }

  /** Ends the process with SIGKILL, because no scenario tests the orderly end of a client. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { resolve } of this.#pending.values()) resolve(ended);
    await this.#kill();
    await this.#process.exited;
  }

  #receive(line: string): void {
    if (this.#stopped || this.#broken) return;
    const message = parseClientLine(line);
    if (message === undefined || ('id' in message && !this.#pending.has(message.id))) {
      const shown = excerpt(line, quotedCharacters);
      this.#breach(`wrote \`${shown}\`, which is not a line of the protocol`, `to write the protocol's JSON lines and nothing else to stdout (docs/clients.md), got \`${shown}\`. Write other text to stderr.`);
    } else if ('event' in message) {
      if (++this.#events > mostEvents) this.#breach(`wrote more than ${mostEvents} events`, `to write at most ${mostEvents} events, got more.`);
      else this.#options.onEvent(message);
    } else if ('ready' in message) this.#ready.resolve(undefined);
    else {
      this.#pending.get(message.id)?.resolve(
        message.error === undefined ? { ok: true, status: message.status, body: message.body ?? '' } : { ok: false, error: message.error, causes: message.causes ?? [message.error] },
      );
    }
  }

  #breach(reason: string, expected: string): void {
    this.#break(new LabError('BAD_OUTPUT', `Expected the client \`${this.#options.name}\` ${expected}`), reason);
    void this.#kill();
  }

  #ended({ code, signal, stderr }: ProcessExit): void {
    if (this.#stopped || this.#broken) return;
    const how = `${signal ?? `exit status ${String(code)}`}${stderr ? `; it wrote: ${stderr}` : ''}`;
    const { program, name } = this.#options;
    const hint = program.saysReady ? '' : ` Expected it to answer one line after the other until its stdin ends (docs/clients.md). A command that gets the URL as a word has {url} in it.${folderHint(program)}`;
    this.#break(new LabError('PROCESS_EXITED', `The client \`${name}\` ended: ${how}.${hint}`), `ended: ${how}`);
  }

  #break(error: LabError, reason: string): void {
    this.#broken = error;
    this.#ready.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#options.onTrouble(reason);
  }

  /** The process may have ended by itself in this moment. */
  async #kill(): Promise<void> {
    await this.#process.signal('SIGKILL').catch(() => undefined);
  }
}

/** The lab ends a process when one of its requests has no result in time. The other requests end with it. */
const ended: RequestResult = { ok: false, error: 'TIMEOUT by the lab', causes: ['the lab ended the client\'s process while this request was under way'] };
