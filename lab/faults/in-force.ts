/** The faults in force in a lab: each is seen when it is applied, and its absence when it is healed; what is not seen is a doubt. */
import { LabError, messageOf, unknownName } from '../errors.ts';
import { parseOptions } from '../options.ts';
import type { Timeline } from '../timeline.ts';
import { patienceMs, type Held } from '../probe.ts';
import { isTarget, kindOf, targetNames, type Family, type TargetName } from '../topology.ts';
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
  readonly #inForce = new Set<AppliedFault>();
  /** Faults that were healed while another one on the same host hid what that came to. */
  #unseenHeals: { host: TargetName; title: string; gone: () => Promise<boolean> }[] = [];

  constructor(timeline: Timeline, target: (name: TargetName) => FaultTarget) {
    this.#timeline = timeline;
    this.#target = target;
  }

  /** Oldest first. */
  get all(): readonly AppliedFault[] {
    return [...this.#inForce];
  }

  /** Faults without effect, and baselines that did not return. */
  get doubts(): readonly string[] {
    return [...this.#doubts, ...this.#unseenHeals.map(({ title }) => `the healing of ${title} was never seen: another fault stayed in force`)];
  }

  /**
   * Puts a fault in force and looks whether it shows. A fault without effect is a doubt, not an error.
   * @throws {LabError} BAD_INPUT for an unknown fault, host or option.
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
    if ([...this.#inForce].some((other) => other.name === name && other.host === host)) {
      throw new LabError('BAD_INPUT', `${title} is in force already; heal it first.`);
    }

    this.#timeline.add(host, 'fault:apply', { fault: title, options: optionText });
    if (fault.holds) held = await holdPair(target);
    const unused = fault.holds === 'old' ? await holdPair(target) : undefined;
    const undo = await fault.apply(target, options).catch((error: unknown) => {
      throw new LabError('NOT_SUPPORTED', `Could not put ${title} in force: ${messageOf(error)}`, { cause: error });
    });
    const { seen, observed: effect } = await fault.observe(target, options);
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
        if (fault.holds) held = unused ?? (await holdPair(target));
        const { seen } = await fault.observe(target, options);
        await release(held);
        return !seen;
      } });
      const others = [...this.#inForce].filter((other) => other.host === host);
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
    this.#inForce.add(applied);
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
  const pair = new Map<Family, Held>();
  for (const family of [4, 6] as const) {
    const held = await probe.hold(name, family);
    pair.set(family, held);
    if (held.opened.outcome === 'connected') await held.get('/', { timeoutMs: patienceMs });
  }
  return pair;
}

async function release(held: Map<Family, Held>): Promise<void> {
  await Promise.all([...held.values()].map((each) => each.release()));
}

function raise(error: Error): never {
  throw error;
}
