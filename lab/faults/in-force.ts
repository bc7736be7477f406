/**
 * The faults in force in a lab. Each fault is seen when it is put in force, and its absence is seen when it is healed. Where something is
 * not seen, that is a doubt, and the verdict of the run is `unknown`.
 */
import { patienceMs, type Held } from '../network/probe.ts';
import { LabError, messageOf, unknownName } from '../vocabulary/errors.ts';
import type { RecordEvent } from '../vocabulary/events.ts';
import { Turns } from '../vocabulary/limits.ts';
import { didYouMean } from '../vocabulary/nearest-name.ts';
import { parseOptions, type OptionTable, type OptionValues } from '../vocabulary/options.ts';
import { isBackend, kindOf, type Family, type HostName, type TargetName } from '../vocabulary/topology.ts';
import type { Fault, FaultTarget, Observation } from './fault.ts';
import { faultNamed, faultNames, isFaultName, type FaultName } from './index.ts';
import { checkNeed } from './needs.ts';
import type { IdleTarget } from './target.ts';

/** A fault in force. */
export interface AppliedFault {
  readonly name: FaultName;
  readonly host: TargetName;
  /** The options that were given: `family=6`. */
  readonly optionText: string;
  /** What the observer saw when the fault was put in force. */
  readonly observation: Observation;
  /** Undoes the fault and looks for the baseline. A second call does nothing more, and returns what the first one returned. */
  heal(): Promise<Observation>;
}

export class FaultsInForce {
  readonly #record: RecordEvent;
  /** The hosts that a fault can act on. */
  readonly #targets: readonly TargetName[];
  readonly #target: (name: TargetName) => IdleTarget;
  readonly #doubts: string[] = [];
  /** The faults, with the time by which each one makes answers late. */
  readonly #inForce = new Map<AppliedFault, number>();
  /** Faults that were healed while another fault on the same host was in force, so that nobody could see it. */
  #unseenHeals: { host: TargetName; title: string; isGone: () => Promise<boolean> }[] = [];
  /** What else keeps the baseline of a host from being seen, beside the faults in force; null if nothing does. */
  readonly #hidden: (host: TargetName) => string | null;
  /** Two changes on one host at the same time would see each other's effects. So they wait for each other. */
  readonly #turns: ReadonlyMap<TargetName, Turns>;

  constructor(targets: readonly TargetName[], record: RecordEvent, target: (name: TargetName) => IdleTarget, hidden: (host: TargetName) => string | null = () => null) {
    this.#targets = targets;
    this.#turns = new Map(targets.map((name) => [name, new Turns()]));
    this.#record = record;
    this.#target = target;
    this.#hidden = hidden;
  }

  /** The oldest one first. */
  get all(): readonly AppliedFault[] {
    return [...this.#inForce.keys()];
  }

  /** By how many ms the answers of a host may be late: the sum for all faults in force on it. */
  lateMs(host: HostName): number {
    return [...this.#inForce].reduce((sum, [applied, lateMs]) => (applied.host === host ? sum + lateMs : sum), 0);
  }

  /** Faults without effect, and baselines that did not return. */
  get doubts(): readonly string[] {
    return [...this.#doubts, ...this.#unseenHeals.map(({ host, title }) => `the healing of ${title} was never seen: ${this.#inTheWay(host).join(' and ')} stayed in force`)];
  }

  /**
   * Puts a fault in force and looks for its effect. A fault without effect is a doubt, not an error.
   * @throws {LabError} BAD_INPUT for an unknown fault, host or option, for a fault that is in force on the host already, and for one of a layer that the
   * lab does not have. NOT_SUPPORTED where the fault cannot be put in force, or cannot be looked at; nothing of it is left then.
   */
  async apply(name: string, host: string, given: Readonly<Record<string, string | number>> = {}): Promise<AppliedFault> {
    if (!isFaultName(name)) throw unknownName('fault', name, faultNames);
    const fault = faultNamed(name);
    const possible = this.#targets.filter((each) => fault.on.includes(kindOf(each)));
    const on = possible.find((each) => each === host);
    if (!on) throw new LabError('BAD_INPUT', `The fault ${name} cannot act on \`${host}\`. It acts on: ${possible.join(', ')}.${didYouMean(host, possible)}`);
    const options = parseOptions(fault.options, given, `the fault ${name}`);
    if (fault.needs) checkNeed(`the fault ${name}`, fault.needs, this.#target(on).topology);
    const absent = Object.values(options).filter(isBackend).find((backend) => !this.#targets.includes(backend));
    if (absent !== undefined) throw unknownName('backend', absent, this.#targets.filter(isBackend));
    const optionText = Object.entries(given).map(([key, value]) => `${key}=${value}`).join(' ');
    return await this.inTurn(on, () => this.#apply(name, on, fault, options, optionText));
  }

  async #apply(name: FaultName, host: TargetName, fault: Fault, options: OptionValues<OptionTable>, optionText: string): Promise<AppliedFault> {
    const title = `${name} ${host}`;
    if (this.all.some((other) => other.name === name && other.host === host)) throw new LabError('BAD_INPUT', `${title} is in force already; heal it first.`);
    this.#record(host, 'fault:apply', { fault: title, options: optionText });

    let held = new Map<Family, Held>();
    let unused: Map<Family, Held> | undefined;
    const target: FaultTarget = { ...this.#target(host), fault: name, held: (family) => held.get(family) ?? raise(new Error(`The observer holds no connection for ${name}.`)) };
    if (fault.holds) [held, unused] = await Promise.all([holdPair(target), fault.holds === 'old' ? holdPair(target) : undefined]);
    const giveUp = async (problem: string, error: unknown): Promise<never> => {
      await Promise.all([release(held), release(unused)]);
      throw new LabError('NOT_SUPPORTED', `${problem}: ${messageOf(error)}`, { cause: error });
    };
    const undo = await fault.apply(target, options).catch((error: unknown) => giveUp(`Could not put ${title} in force`, error));
    const { seen, observed: effect } = await fault.observe(target, options).catch(async (error: unknown) => {
      await undo();
      return await giveUp(`Could not look for the effect of ${title}`, error);
    });
    const observed = fault.by ? `${effect}, by ${fault.by(target)}` : effect;
    this.#record(host, seen ? 'fault:verified' : 'fault:unverified', { fault: title, observed });
    if (!seen) this.#doubts.push(`${title} showed no effect: ${observed}`);

    /** Looks whether the effect is gone, when the baseline is there again. */
    const isGone = async (): Promise<boolean> => {
      if (fault.harmless) return true;
      await release(held);
      // Another fault may have kept the unused connections from being opened.
      if (fault.holds) held = unused && [...unused.values()].every(({ opened }) => opened.outcome === 'connected') ? unused : await holdPair(target);
      const endMs = performance.now() + target.probe.endingMs;
      let gone: boolean;
      // One answer is enough. One silence is not: a busy machine may be slow to answer.
      do gone = !(await fault.observe(target, options)).seen;
      while (!gone && !fault.holds && performance.now() < endMs);
      await release(held);
      if (unused !== held) await release(unused);
      return gone;
    };
    let healing: Promise<Observation> | undefined;
    const applied: AppliedFault = {
      name,
      host,
      optionText,
      observation: { seen, observed },
      heal: () => {
        healing ??= this.inTurn(host, () => this.#heal(applied, target, undo, isGone)).catch((error: unknown) => {
          // A heal that failed may be tried again.
          healing = undefined;
          throw error;
        });
        return healing;
      },
    };
    this.#inForce.set(applied, fault.answersLateMs?.(options) ?? 0);
    return applied;
  }

  async #heal(applied: AppliedFault, target: FaultTarget, undo: () => Promise<void>, isGone: () => Promise<boolean>): Promise<Observation> {
    const { name, host } = applied;
    const title = `${name} ${host}`;
    this.#record(host, 'fault:heal', { fault: title });
    await undo();
    this.#inForce.delete(applied);
    this.#unseenHeals.push({ host, title, isGone });
    const healed = await this.#observeHealed(target, title);
    this.#record(host, healed.seen ? 'fault:healed' : 'fault:unhealed', { fault: title, observed: healed.observed });
    return healed;
  }

  /** Looks for the baseline of a host after something was healed that is no fault. `title` names it. To be called in turn. */
  lookHealed(host: TargetName, title: string): Promise<Observation> {
    return this.#observeHealed(this.#target(host), title);
  }

  /**
   * Looks for the baseline, and for the absence of every effect that was healed since the baseline was last there. As long as something else is in
   * force on the host, the baseline cannot be there; the lab looks for it when the last one is healed.
   */
  async #observeHealed(target: IdleTarget, title: string): Promise<Observation> {
    const inTheWay = this.#inTheWay(target.name);
    if (inTheWay.length > 0) return { seen: true, observed: `cannot be seen before ${inTheWay.join(', ')} is healed`, isHidden: true };
    const healed = await this.#lookForBaseline(target);
    if (!healed.seen) this.#doubts.push(`${title} did not heal: ${healed.observed}`);
    return healed;
  }

  /** What keeps the baseline of a host from being there. */
  #inTheWay(host: TargetName): string[] {
    return [...this.all.filter((applied) => applied.host === host).map(({ name }) => name), this.#hidden(host) ?? []].flat();
  }

  async #lookForBaseline(target: IdleTarget): Promise<Observation> {
    const healed = this.#unseenHeals.filter(({ host }) => host === target.name);
    this.#unseenHeals = this.#unseenHeals.filter(({ host }) => host !== target.name);
    const baseline = await target.probe.answers(target.name);
    if (!baseline.seen) return baseline;
    for (const { title, isGone } of healed) {
      if (!(await isGone())) return { seen: false, observed: `${baseline.observed}, but the effect of ${title} is still there` };
    }
    return baseline;
  }

  /** Does work on a host when no fault is being put in force or healed there. */
  inTurn<T>(host: TargetName, work: () => Promise<T>): Promise<T> {
    return (this.#turns.get(host) ?? new Turns()).take(work);
  }
}

/** A connection in each family. Each one has served a request, as a client's kept connection has. */
async function holdPair({ name, probe }: FaultTarget): Promise<Map<Family, Held>> {
  return new Map(await Promise.all(([4, 6] as const).map(async (family): Promise<[Family, Held]> => {
    const held = await probe.hold(name, family);
    if (held.opened.outcome === 'connected') await held.get('/', { timeoutMs: patienceMs });
    return [family, held];
  })));
}

async function release(held: Map<Family, Held> | undefined): Promise<void> {
  await Promise.all([...(held?.values() ?? [])].map((each) => each.release()));
}

function raise(error: Error): never {
  throw error;
}
