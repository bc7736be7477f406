/**
 * Watches a lab on docker from the outside: whether the engine still answers, whether all containers run, and what somebody else does to them. A
 * run that was disturbed shows nothing about the client.
 */
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { withinLimit } from '../../vocabulary/limits.ts';
import { readLines } from '../../vocabulary/lines.ts';
import type { HostName } from '../../vocabulary/topology.ts';
import { answerOf } from './docker-engine.ts';

/** The engine is asked again and again. Two questions without an answer, one after the other, and it is given up: after 18 s at most. */
const askEveryMs = 2_000;
const answerLimitMs = 8_000;

/** The events of a container that only somebody outside the lab causes, and what they tell. `die` and `destroy` come also in other ways. */
const told: Record<string, (attributes: Record<string, string>) => string> = {
  pause: () => 'was paused from outside the lab',
  unpause: () => 'was unpaused from outside the lab',
  kill: ({ signal = '' }) => `was sent signal ${signal} from outside the lab`,
  oom: () => 'ran out of memory, and the kernel killed a process in it',
  update: () => 'was given other limits from outside the lab',
};
const toldOfNetwork: Record<string, (attributes: Record<string, string>) => string> = {
  connect: ({ name = '' }) => `was connected to the network ${name} from outside the lab`,
  disconnect: ({ name = '' }) => `was disconnected from the network ${name} from outside the lab`,
};

/** An event of the engine: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemEvents */
interface EngineEvent {
  Type?: string;
  Action?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> };
}

export class Watch {
  /** Aborts when the engine is lost, or a container has ended. The reason is a LabError. */
  readonly lost: AbortSignal;
  readonly #lost = new AbortController();
  readonly #closed = new AbortController();
  readonly #api: Docker;
  readonly #url: string;
  readonly #hosts = new Map<string, HostName>();
  readonly #ended = new Set<string>();
  readonly #told = new Set<string>();
  #listener: (host: HostName, reason: string) => void = () => undefined;

  /** Begins to ask the engine whether it answers. */
  constructor(api: Docker, url: string) {
    this.#api = api;
    this.#url = url;
    this.lost = this.#lost.signal;
    void this.#keepAsking();
  }

  /** Begins to watch containers. Resolves when no later event can be missed. */
  async follow(containers: ReadonlyMap<HostName, { id: string }>): Promise<void> {
    for (const [name, { id }] of containers) this.#hosts.set(id, name);
    const event = [...Object.keys(told), ...Object.keys(toldOfNetwork), 'die'];
    const stream = await answerOf('Asking for its events', this.#api.getEvents({ filters: { type: ['container', 'network'], event } }));
    const closed = (): void => { this.#lose(`The docker engine at ${this.#url} ended, or was restarted: it closed its stream of events.`); };
    stream.once('close', closed).once('end', closed).on('error', closed);
    readLines(stream.pipe(new PassThrough()), (line) => { this.#take(JSON.parse(line) as EngineEvent); });
  }

  /** Calls `listener` for each thing that somebody else does to a container. */
  onDisturbance(listener: (host: HostName, reason: string) => void): void {
    this.#listener = listener;
  }

  /** Asks now whether the engine answers, and whether all containers run. Returns why not, or null. */
  async look(): Promise<string | null> {
    await this.#ask();
    for (const [id, name] of this.#hosts) {
      if (this.lost.aborted) break;
      const container = await withinLimit('Inspecting a container', answerLimitMs, this.#api.getContainer(id).inspect()).catch(() => null);
      if (!container?.State.Running) this.#lose(`The container of ${name} ended.`);
    }
    return this.lost.aborted ? messageOf(this.lost.reason) : null;
  }

  /** From here on the lab itself ends its containers. The engine is still asked whether it answers. */
  expectEnds(): void {
    this.#hosts.clear();
  }

  /** Ends all watching. */
  close(): void {
    this.#closed.abort();
  }

  async #keepAsking(): Promise<void> {
    while (!this.lost.aborted && !this.#closed.signal.aborted) {
      await sleep(askEveryMs, undefined, { signal: this.#closed.signal, ref: false }).catch(() => undefined);
      await this.#ask();
    }
  }

  /** Asks twice: after a pause of the whole machine, the first limit is over although the engine answers. */
  async #ask(): Promise<void> {
    const answers = (): Promise<unknown> => withinLimit('An answer', answerLimitMs, this.#api.ping());
    await answers().catch(answers).catch((error: unknown) => {
      const isSilent = error instanceof LabError && error.code === 'TIME_LIMIT';
      this.#lose(isSilent ? `The docker engine at ${this.#url} hangs: it has not answered for ${2 * answerLimitMs} ms.` : `The docker engine at ${this.#url} ended: ${messageOf(error)}.`);
    });
  }

  #take({ Type, Action = '', Actor: { ID = '', Attributes = {} } = {} }: EngineEvent): void {
    const id = Type === 'network' ? Attributes['container'] ?? '' : ID;
    const host = this.#hosts.get(id);
    if (host === undefined) return;
    const tell = Type === 'network' ? toldOfNetwork[Action] : told[Action];
    // The engine also disconnects a container that has ended.
    if (tell && !this.#ended.has(id)) this.#tell(host, tell(Attributes));
    if (Action !== 'die') return;
    this.#ended.add(id);
    this.#lose(`The container of ${host} ended with exit code ${Attributes['exitCode'] ?? '?'}.`);
  }

  /** The engine sends some events twice. */
  #tell(host: HostName, reason: string): void {
    const text = `${host} ${reason}`;
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#listener(host, reason);
  }

  #lose(message: string): void {
    if (!this.lost.aborted && !this.#closed.signal.aborted) this.#lost.abort(new LabError('NETWORK_ENDED', message));
  }
}
