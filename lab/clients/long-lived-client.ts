/**
 * A long-lived client: one process for all requests of a scenario. It speaks JSON lines on its stdin and stdout (docs/clients.md).
 *
 *   in   {"id":1,"method":"GET","url":"http://…","timeoutMs":1000}
 *   out  {"id":1,"status":200,"body":"…"}  or  {"id":1,"error":"…"}
 *        {"ready":true}                      once, if the profile has `saysReady`
 *        {"event":"client:dns-start",…}      at any time, if the client traces itself
 */
import type { LongLived } from '../../client/external/profile.ts';
import type { RequestResult } from '../../client/requester.ts';
import type { Host, HostProcess, ProcessExit } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';
import type { EmittedEvent } from '../vocabulary/events.ts';
import { parseClientLine } from '../vocabulary/json-lines.ts';
import { withinLimit } from '../vocabulary/limits.ts';
import { timedOut, type ClientRequest, type ExternalClient } from './external-request.ts';

/** Java and a browser need one or two seconds to start, and several on a busy machine. */
const readyLimitMs = 30_000;

export interface LongLivedOptions {
  host: Pick<Host, 'start'>;
  name: string;
  program: LongLived;
  /** Whether each request gets a process of its own, so that no connection outlives a request. */
  freshProcess: boolean;
  onEvent: (event: EmittedEvent) => void;
  /** Called when the process ends unexpectedly, and when it writes a line that does not belong to the protocol. */
  onTrouble: (reason: string) => void;
}

/** Starts the client's process, unless each request gets its own. @throws {LabError} if the process does not start. */
export async function longLivedClient(options: LongLivedOptions): Promise<ExternalClient> {
  let shared: Promise<Speaker> | undefined;
  const live = new Set<Speaker>();
  const start = async (): Promise<Speaker> => {
    const speaker = await Speaker.start(options);
    live.add(speaker);
    return speaker;
  };
  const end = async (speaker: Speaker): Promise<void> => {
    live.delete(speaker);
    await speaker.stop();
  };
  const client: ExternalClient = {
    prepare: async () => {
      const speaker = await (options.freshProcess ? start() : (shared ??= start()));
      return async (request) => {
        const result = await speaker.request(request);
        if (result !== 'too late' && !options.freshProcess) return result;
        // The next request gets another process.
        if (result === 'too late') shared = undefined;
        // Not awaited: the end of the process is not part of the request.
        void end(speaker);
        return result === 'too late' ? timedOut(request.limitMs) : result;
      };
    },
    stop: async () => {
      await Promise.all([...live].map(end));
    },
  };
  // If the process cannot be started, the run must fail before the scenario begins.
  if (!options.freshProcess) await client.prepare();
  return client;
}

interface Pending {
  resolve: (result: RequestResult | 'too late') => void;
  reject: (error: LabError) => void;
}

/** One process that speaks the protocol. */
class Speaker {
  readonly #process: HostProcess;
  readonly #options: LongLivedOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #ready = Promise.withResolvers<undefined>();
  #broken: LabError | undefined;
  #stopped = false;

  static async start(options: LongLivedOptions): Promise<Speaker> {
    const { host, name, program } = options;
    const speaker = new Speaker(await host.start(program.argv), options);
    if (program.saysReady) await withinLimit(`The start of the client \`${name}\``, readyLimitMs, speaker.#ready.promise);
    return speaker;
  }

  private constructor(process: HostProcess, options: LongLivedOptions) {
    this.#process = process;
    this.#options = options;
    this.#ready.promise.catch(() => undefined);
    process.onLine((line) => { this.#receive(line); });
    void process.exited.then((exit) => { this.#ended(exit); });
  }

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
    for (const { resolve } of this.#pending.values()) resolve('too late');
    await this.#process.signal('SIGKILL').catch(() => undefined);
    await this.#process.exited;
  }

  #receive(line: string): void {
    if (this.#stopped) return;
    const message = parseClientLine(line);
    if (message === undefined || ('id' in message && !this.#pending.has(message.id))) {
      const shown = line.slice(0, 200);
      this.#break(new LabError('BAD_OUTPUT', `Expected the client \`${this.#options.name}\` to write the protocol's JSON lines (docs/clients.md), got \`${shown}\`.`));
      this.#options.onTrouble(`wrote \`${shown}\`, which is not a line of the protocol`);
    } else if ('event' in message) this.#options.onEvent(message);
    else if ('ready' in message) this.#ready.resolve(undefined);
    else {
      this.#pending.get(message.id)?.resolve(
        message.error === undefined ? { ok: true, status: message.status, body: message.body ?? '' } : { ok: false, error: message.error, causes: message.causes ?? [message.error] },
      );
    }
  }

  #ended({ code, signal, stderr }: ProcessExit): void {
    if (this.#stopped) return;
    const how = `${signal ?? `exit status ${String(code)}`}${stderr ? `; it wrote: ${stderr}` : ''}`;
    const hint = this.#options.program.saysReady ? '' : ' A command that gets the URL as a word has {url} in it. A command without {url} must speak the protocol of docs/clients.md.';
    this.#break(new LabError('PROCESS_EXITED', `The client \`${this.#options.name}\` ended: ${how}.${hint}`));
    this.#options.onTrouble(`ended: ${how}`);
  }

  #break(error: LabError): void {
    this.#broken = error;
    this.#ready.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
  }
}
