/** The faults in force in a lab: each is seen when it is applied, and its absence when it is healed; what is not seen is a doubt. */
import { LabError, messageOf, unknownName } from '../vocabulary/errors.ts';
import { parseOptions } from '../vocabulary/options.ts';
import type { Timeline } from '../run/timeline.ts';
import { endingMs, patienceMs, type Held } from '../network/probe.ts';
import { isTarget, kindOf, targetNames, type Family, type HostName, type TargetName } from '../vocabulary/topology.ts';
import type { FaultTarget, Observation } from './fault.ts';
import { faultNamed, faultNames, isFaultName, type FaultName } from './index.ts';

/** A fault in force. */
export interface AppliedFault {
  readonly name: FaultName;
  readonly host: TargetName;
  /** What the observer saw when the fault was put in force. */
  readonly observation: Observation;
  /** Undoes the fault and looks for the baseline. Doing so twice is the same as once. */
  heal(): Promise<Observation>;
}

export class FaultsInForce {
  readonly #timeline: Timeline;
  readonly #target: (name: TargetName) => FaultTarget;
  readonly #doubts: string[] = [];
  /** By how much each makes answers late. */
  readonly #inForce = new Map<AppliedFault, number>();
  /** Faults that were healed while another one on the same host hid what that came to. */
  #unseenHeals: { host: TargetName; title: string; gone: () => Promise<boolean> }[] = [];

  constructor(timeline: Timeline, target: (name: TargetName) => FaultTarget) {
    this.#timeline = timeline;
    this.#target = target;
  }

  /** Oldest first. */
  get all(): readonly AppliedFault[] {
    return [...this.#inForce.keys()];
  }

  /** By how much a host's answers may be late: all that is in force on it adds up. */
  lateMs(host: HostName): number {
    return [...this.#inForce].reduce((sum, [applied, lateMs]) => (applied.host === host ? sum + lateMs : sum), 0);
  }

  /** Faults without effect, and baselines that did not return. */
  get doubts(): readonly string[] {
    return [...this.#doubts, ...this.#unseenHeals.map(({ title }) => `the healing of ${title} was never seen: another fault stayed in force`)];
  }

  /**
   * Puts a fault in force and looks whether it shows. A fault without effect is a doubt, not an error.
   * @throws {LabError} BAD_INPUT for an unknown fault, host or option; NOT_SUPPORTED where it cannot be put in force or looked at,
   * and then nothing of it is left.
   */
  async apply(name: string, host: string, given: Readonly<Record<string, string | number>> = {}): Promise<AppliedFault> {
    if (!isFaultName(name)) throw unknownName('fault', name, faultNames);
    const fault = faultNamed(name);
    if (!isTarget(host) || !fault.on.includes(kindOf(host))) {
      const possible = targetNames.filter((each) => fault.on.includes(kindOf(each)));
      throw new LabError('BAD_INPUT', `The fault ${name} cannot act on \`${host}\`. It acts on: ${possible.join(', ')}.`);
    }
    const words = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));
    const options = parseOptions(fault.options, words, `the fault ${name}`);
    let held = new Map<Family, Held>();
    const target: FaultTarget = { ...this.#target(host), held: (family) => held.get(family) ?? raise(new Error(`${name} holds no connection.`)) };
    const optionText = Object.entries(words).map(([key, value]) => `${key}=${value}`).join(' ');
    const title = `${name} ${host}`;
    if (this.all.some((other) => other.name === name && other.host === host)) {
      throw new LabError('BAD_INPUT', `${title} is in force already; heal it first.`);
    }

    this.#timeline.add(host, 'fault:apply', { fault: title, options: optionText });
    let unused: Map<Family, Held> | undefined;
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
    this.#timeline.add(host, seen ? 'fault:verified' : 'fault:unverified', { fault: title, observed });
    if (!seen) this.#doubts.push(`${title} showed no effect: ${observed}`);

    let healing: Promise<Observation> | undefined;
    const applied: AppliedFault = {
      name,
      host,
      observation: { seen, observed },
      heal: () => {
        // A heal that failed may be tried again.
        healing ??= heal().catch((error: unknown) => {
          healing = undefined;
          throw error;
        });
        return healing;
      },
    };
    const heal = async (): Promise<Observation> => {
      this.#timeline.add(host, 'fault:heal', { fault: title });
      await undo();
      this.#inForce.delete(applied);
      this.#unseenHeals.push({ host, title, gone: async () => {
        if (fault.harmless) return true;
        await release(held);
        // Another fault may have kept the unused ones from connecting.
        if (fault.holds) held = unused && [...unused.values()].every(({ opened }) => opened.outcome === 'connected') ? unused : await holdPair(target);
        const endMs = performance.now() + endingMs;
        let isGone: boolean;
        // One answer is enough; that none came may be a busy machine's doing.
        do isGone = !(await fault.observe(target, options)).seen;
        while (!isGone && !fault.holds && performance.now() < endMs);
        await release(held);
        if (unused !== held) await release(unused);
        return isGone;
      } });
      const others = this.all.filter((other) => other.host === host);
      if (others.length > 0) {
        // The baseline cannot be there yet. It is looked for when the last fault of this host is healed.
        const observed = `cannot be seen before ${others.map((other) => other.name).join(', ')} is healed`;
        this.#timeline.add(host, 'fault:healed', { fault: title, observed });
        return { seen: true, observed };
      }
      const healed = await this.#observeHealed(target);
      this.#timeline.add(host, healed.seen ? 'fault:healed' : 'fault:unhealed', { fault: title, observed: healed.observed });
      if (!healed.seen) this.#doubts.push(`${title} did not heal: ${healed.observed}`);
      return healed;
    };
    this.#inForce.set(applied, fault.answersLateMs?.(options) ?? 0);
    return applied;
  }

  /** Looks for the baseline, and that every fault healed on the target since it was last there shows no more. */
  async #observeHealed(target: FaultTarget): Promise<Observation> {
    const healed = this.#unseenHeals.filter(({ host }) => host === target.name);
    this.#unseenHeals = this.#unseenHeals.filter(({ host }) => host !== target.name);
    const baseline = await target.probe.answers(target.name);
    if (!baseline.seen) return baseline;
    for (const { title, gone } of healed) {
      if (!(await gone())) return { seen: false, observed: `${baseline.observed}, but the effect of ${title} is still there` };
    }
    return baseline;
  }
}

/** A connection in each family, kept as after a client's request: one that was never used is nothing to be kept yet. */
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
