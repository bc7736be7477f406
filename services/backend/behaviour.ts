/** The behaviour of an overloaded or broken application. The lab changes it while the backend runs. */
import { h2BehaviourOptions } from './h2-behaviour.ts';
import { tlsBehaviourOptions } from './tls-behaviour.ts';
import { changeOf, choice, defaultsOf, integer, onOff, type OptionValues } from '../../lab/vocabulary/options.ts';
import type { Family } from '../../lab/vocabulary/topology.ts';
import { oneOf, readValue } from '../../lab/vocabulary/values.ts';

/** How a connection is ended: in order (FIN), or with a reset (RST, RFC 9293 section 3.10.7.4). */
export const endings = ['fin', 'rst'] as const;
export type Ending = (typeof endings)[number];

const ending = [...endings, 'none'] as const;
const longestMs = 600_000;

export const behaviourOptions = {
  delayMs: integer(0, 0, 'time between the arrival of a request and its response', longestMs),
  status: integer(200, 200, 'status of the responses', 599),
  statusPercent: integer(100, 0, 'how many of a hundred requests get `status`, by a seeded draw; the others get 200', 100),
  retryAfterS: integer(0, 0, '`Retry-After` with every status but 200 (RFC 9110 section 10.2.3); 0 sends no such header', longestMs),
  failFirst: integer(0, 0, 'the first n requests of each client address for each URL get 503, counted from the moment of this command', longestMs),
  stall: onOff(false, 'send the headers and half of the body, then nothing more'),
  truncate: choice(ending, 'none', 'send the headers and half of the body, then end the connection'),
  contentLength: choice(['send', 'leave-out'], 'send', 'whether a response says how long its body is; if not, the end of the connection is the end of the body (RFC 9112 section 6.3)'),
  dribbleMs: integer(0, 0, 'send the body in small pieces, spread over this time', longestMs),
  malformed: choice(['status-line', 'chunk', 'none'], 'none', 'send something that is not HTTP: instead of the status line, or instead of the length of a chunk. Then end the connection'),
  empty: choice(ending, 'none', 'end the connection without a byte of response'),
  closeReused: choice(ending, 'none', 'the same, but only on a connection that has served a request before'),
  closeAfter: integer(0, 0, 'close a connection with its n-th response (`Connection: close`); 0 never closes it', longestMs),
  keepAliveMs: integer(75_000, 1, 'close a connection when it has been idle for this time after a response. A change holds from the next response of each connection on', longestMs),
  announce: onOff(true, 'tell the client `keepAliveMs` in each response, in whole seconds, rounded down: `Keep-Alive: timeout=1` (RFC 2068 section 19.7.1.1)'),
  ...tlsBehaviourOptions,
  ...h2BehaviourOptions,
};

/** How a backend answers: docs/scenarios.md lists all fields, with their units and defaults. */
export type Behaviour = OptionValues<typeof behaviourOptions>;

export const healthy: Readonly<Behaviour> = defaultsOf(behaviourOptions);

const behaviourChange = changeOf(behaviourOptions);

/**
 * `behaviour` with `change` applied.
 * @throws {LabError} BAD_INPUT that names the field, what was expected and what was seen.
 */
export function changeBehaviour(behaviour: Behaviour, change: unknown): Behaviour {
  return { ...behaviour, ...readValue(behaviourChange, change, '', 'the behaviour of a backend') };
}

/** The IP families whose connections a change holds for: 4, 6, or 0 for both. */
export const ofFamilies = oneOf([0, 4, 6] as const);
type Families = 0 | Family;

interface Change {
  fault: string | null;
  family: Families;
  change: Partial<Behaviour>;
}

/**
 * The behaviour of one backend as a pile of changes: what was changed by hand, and what each fault has changed. The newest change counts. When a
 * fault heals, its change is taken out of the pile, and what was there before it, or what was changed by hand in the meantime, holds again.
 */
export class Behaviours {
  #changes: readonly Change[] = [];

  /** What holds where no family is asked for: the changes for both families. */
  get now(): Behaviour {
    return this.of(0);
  }

  /** What holds for the connections of one family. */
  of(family: Families): Behaviour {
    return Object.assign({ ...healthy }, ...this.#changes.filter((each) => each.family === 0 || each.family === family).map(({ change }) => change)) as Behaviour;
  }

  /**
   * Adds a change: of a fault, or by hand if `fault` is null. Returns the changed fields, with what holds now.
   * @throws {LabError} BAD_INPUT that names the field, what was expected and what was seen.
   */
  change(change: unknown, fault: string | null = null, family: Families = 0): Partial<Behaviour> {
    const read = readValue(behaviourChange, change, '', 'the behaviour of a backend');
    const added = { fault, family, change: read };
    this.#changes = [...this.#changes, added];
    return this.#pick([added]);
  }

  /** Takes back the changes of a fault, or those by hand if `fault` is null. Returns the fields that they had changed, with what holds now. */
  restore(fault: string | null): Partial<Behaviour> {
    const taken = this.#changes.filter((each) => each.fault === fault);
    this.#changes = this.#changes.filter((each) => each.fault !== fault);
    return this.#pick(taken);
  }

  #pick(changes: readonly Change[]): Partial<Behaviour> {
    return Object.assign({}, ...changes.map(({ family, change }) => {
      const now = this.of(family);
      return Object.fromEntries(Object.keys(change).map((key) => [key, now[key as keyof Behaviour]]));
    })) as Partial<Behaviour>;
  }
}
