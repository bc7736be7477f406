/** The client of a lab by hand: one client at a time, asked once or at a rate. It starts with the first request, unless somebody has chosen one before. */
import type { ClientOptions } from '../../client/client-options.ts';
import { findClient } from '../clients/find-client.ts';
import { askedOptions, optionsFor, parseClient } from '../clients/index.ts';
import type { AddressedResult, Method, StageClient } from '../clients/stage-client.ts';
import type { Lab } from '../run/lab.ts';
import { clientContext } from '../run/stage.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { hostAt, type HostName } from '../vocabulary/topology.ts';
import { number, oneOf, readValue } from '../vocabulary/values.ts';

/** The client of the lab now. */
export interface HandClientState {
  /** Null as long as no client was started. */
  name: string | null;
  version: string | null;
  /** The options that it was given: `keepAlive=off family=4`. */
  options: string;
  /** How many requests it is asked for in a second; 0: only those by hand. */
  perS: number;
  /** Requests that have not ended. */
  inFlight: number;
}

/** The end of one request: what the caller got, and which host answered. */
export type Asked = AddressedResult & { host: HostName | null };

const defaultName = 'node-fetch';
/** The limit of one request of our own client, in ms: the same as in a scenario. */
const requestLimitMs = 30_000;
/** At a rate, a request that is due while so many others wait is left out. A server that is silent would otherwise collect them without end. */
const mostInFlight = 8;
/** More would measure this machine. */
const mostPerS = 20;

export class HandClient {
  readonly #lab: Lab;
  readonly #context;
  readonly #onChange: () => void;
  #current: { name: string; version: string; options: string; applied: ClientOptions; client: StageClient } | null = null;
  /** Clients start one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #perS = 0;
  #inFlight = 0;

  /** `onChange` is called when the state has changed. */
  constructor(lab: Lab, onChange: () => void = () => undefined) {
    this.#lab = lab;
    this.#onChange = onChange;
    this.#context = clientContext(lab, undefined);
  }

  get state(): HandClientState {
    const { name, version, options } = this.#current ?? { name: null, version: null, options: '' };
    return { name, version, options, perS: this.#perS, inFlight: this.#inFlight };
  }

  /** All options of the client, also those that nobody gave. Those of the default client as long as there is none. */
  get clientOptions(): ClientOptions {
    return this.#current?.applied ?? optionsFor(parseClient(defaultName), {}, {});
  }

  /**
   * Ends the client that there is, and with it its connections, and starts another one.
   * @throws {LabError} BAD_INPUT for an unknown name or option; MISSING_TOOL, START_FAILED where it cannot be started. The client that there was stays then, if it can.
   */
  start(words: string, given: Readonly<Record<string, unknown>>): Promise<HandClientState> {
    return this.#inTurn(() => this.#start(words, given));
  }

  async #start(words: string, given: Readonly<Record<string, unknown>>): Promise<HandClientState> {
    const client = parseClient(words);
    const asked = askedOptions(client, given);
    const found = await findClient(await this.#context, client);
    await this.#end();
    const applied = optionsFor(client, {}, asked);
    const started = await found.start(applied, requestLimitMs);
    this.#current = { name: client.name, version: found.version, options: Object.entries(given).map(([key, value]) => `${key}=${String(value)}`).join(' '), applied, client: started };
    this.#onChange();
    return this.state;
  }

  /**
   * Makes one request, and resolves at its end. A request that fails is a result.
   * @throws {LabError} when the client itself has failed. The next request starts another one.
   */
  async ask(method: string): Promise<Asked> {
    const verb = readMethod(method);
    const current = await this.#inTurn(async () => {
      if (this.#current === null) await this.#start(defaultName, {});
      return this.#current;
    });
    if (current === null) throw new LabError('NO_LAB', 'The client has just ended.');
    this.#inFlight += 1;
    this.#onChange();
    try {
      const result = await current.client.request(verb);
      return { ...result, host: result.address === null ? null : (hostAt(this.#lab.topology, result.address) ?? null) };
    } catch (error) {
      const isCurrent = this.#current === current;
      if (isCurrent) await this.#inTurn(() => this.#end());
      throw new LabError('BAD_OUTPUT', isCurrent ? `The client \`${current.name}\` has ended: ${messageOf(error)}. The next request starts a new one.` : 'The client was ended while it waited for its answer.', { cause: error });
    } finally {
      this.#inFlight -= 1;
      this.#onChange();
    }
  }

  /** Asks `perS` times a second from now on; 0 ends it. @throws {LabError} BAD_INPUT for a number that is not from 0 to 20. */
  async rate(method: string, perS: unknown): Promise<HandClientState> {
    const verb = readMethod(method);
    const rate = readValue(number, perS, 'per-s');
    if (rate > mostPerS) throw new LabError('BAD_INPUT', `Expected \`per-s\` to be a number from 0 to ${mostPerS}, got ${rate}.`);
    clearInterval(this.#timer);
    this.#perS = rate;
    if (rate > 0) {
      const next = (): void => {
        if (this.#inFlight < mostInFlight) this.ask(verb).catch(() => { this.stopRate(); });
      };
      await this.#inTurn(async () => { if (this.#current === null) await this.#start(defaultName, {}); });
      this.#timer = setInterval(next, 1_000 / rate);
      next();
    }
    this.#onChange();
    return this.state;
  }

  /** Ends the requests at a rate. */
  stopRate(): void {
    clearInterval(this.#timer);
    this.#perS = 0;
    this.#onChange();
  }

  async #end(): Promise<void> {
    const old = this.#current;
    this.#current = null;
    await old?.client.stop().catch(() => undefined);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function readMethod(method: string): Method {
  return readValue(oneOf(['GET', 'PUT', 'POST']), method, 'method');
}
