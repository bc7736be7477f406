/** A lab that is up: hosts, services, the observer, and the faults in force. Knows nothing of any scenario. */
import type { Behaviour } from '../services/backend/behaviour.ts';
import type { Driver, Host, HostProcess, Network, StartOptions } from './drivers/driver.ts';
import { measureClock, type ClockReading } from './clock.ts';
import { dnsControl, type DnsControl } from './dns-control.ts';
import { LabError, messageOf, unknownName } from './errors.ts';
import { faultNamed, faultNames, isFaultName, type FaultName } from './faults/index.ts';
import type { FaultTarget, Observation } from './faults/fault.ts';
import { withinLimit } from './limits.ts';
import { parseOptions } from './options.ts';
import { Probe } from './probe.ts';
import { Remote } from './remote.ts';
import { backendArgv, dnsArgv, programArgv } from './services.ts';
import type { Timeline } from './timeline.ts';
import { addressOf, backendNames, createTopology, isBackend, type BackendName, type HostName, type Topology, type TopologyChange } from './topology.ts';

export interface LabOptions {
  driver: Driver;
  timeline: Timeline;
  /** Repeats every shuffled answer exactly. */
  seed: string;
  topology?: TopologyChange;
}

/** Starting a process takes some 0.1 s; beyond this it hangs. */
const readyLimitMs = 20_000;

/** A fault in force. */
export interface AppliedFault {
  readonly name: FaultName;
  readonly backend: BackendName;
  /** What the observer saw when the fault was put in force. */
  readonly observation: Observation;
  /** Undoes the fault and looks for the baseline. Doing so twice is the same as once. */
  heal(): Promise<Observation>;
}

/**
 * Makes the network; its services are started next, so that a client's process can start beside them.
 * @throws {LabError} when the driver cannot; nothing is left behind.
 */
export async function createLab({ driver, timeline, topology }: LabOptions): Promise<Lab> {
  const made = createTopology(topology);
  return new Lab(await driver.start(made), made, timeline);
}

/** A lab with its services, ready for use. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const lab = await createLab(options);
  try {
    await lab.startServices(options.seed);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

export class Lab implements AsyncDisposable {
  readonly topology: Topology;
  readonly network: Network;
  readonly timeline: Timeline;
  /** Why the verdict can be no better than unknown: faults without effect, baselines that did not return, processes that ended by themselves. */
  get doubts(): readonly string[] {
    return [...this.#doubts, ...this.#unseenHeals.map(({ title }) => `the healing of ${title} was never seen: another fault stayed in force`)];
  }

  /** How far the hosts' clock is from this process', and how well that is known. */
  clock: ClockReading = { offsetMs: 0, precisionMs: Infinity };
  /** Every process started on a host, the latest last. */
  readonly #remotes = new Map<HostName, Remote[]>();
  readonly #doubts: string[] = [];
  readonly #inForce = new Set<AppliedFault>();
  /** Faults that were healed while another one on the same backend hid what that came to. */
  #unseenHeals: { backend: BackendName; title: string; gone: () => Promise<boolean> }[] = [];
  #probe: Probe | undefined;
  #stopping = false;

  constructor(network: Network, topology: Topology, timeline: Timeline) {
    this.network = network;
    this.topology = topology;
    this.timeline = timeline;
  }

  /**
   * Starts DNS, backends and observer, and sees that all of them answer on both families.
   * @throws {LabError} START_FAILED saying who does not.
   */
  async startServices(seed: string): Promise<void> {
    const [, observer] = await Promise.all([
      this.startProcess('dns', 'the DNS server', dnsArgv(this.topology, seed, this.network.runtime)),
      this.startProcess('observer', 'the observer', programArgv(this.network.runtime, 'services/probe/main.ts')),
      ...backendNames.map((name) => this.#startBackend(name)),
    ]);
    this.clock = await measureClock(observer);
    this.timeline.setOffset(this.clock.offsetMs);
    this.#probe = new Probe(this.host('observer'), observer, this.topology);
    const { seen, observed } = await this.#probe.baseline();
    if (!seen) throw new LabError('START_FAILED', `The lab did not come up: ${observed}. Expected every backend and the DNS server to answer on both families.`);
  }

  host(name: HostName): Host {
    return this.network.host(name);
  }

  /** Starts a process that speaks the control protocol on a host, and waits until it is ready. */
  async startProcess(host: HostName, title: string, argv: string[], options: StartOptions = {}): Promise<Remote> {
    const hostProcess = await this.host(host).start(argv, options);
    const remote = new Remote(
      title,
      hostProcess,
      (event) => { this.timeline.receive(host, event); },
      (reason) => {
        if (this.#stopping) return;
        this.timeline.add(host, 'lab:process-trouble', { process: title, reason });
        this.#doubts.push(`${title} ${reason}`);
      },
    );
    this.#remotes.set(host, [...(this.#remotes.get(host) ?? []), remote]);
    await withinLimit(`The start of ${title}`, readyLimitMs, remote.ready);
    return remote;
  }

  /** The control plane of the process that was last started on a host. */
  remote(host: HostName): Remote {
    const remote = this.#remotes.get(host)?.at(-1);
    if (!remote) throw new LabError('BAD_INPUT', `No process of the lab runs on ${host}.`);
    return remote;
  }

  get probe(): Probe {
    if (!this.#probe) throw new LabError('START_FAILED', 'The observer is not up yet.');
    return this.#probe;
  }

  /**
   * Changes what a backend's application does: `delayMs`, `status`, `stall`, `closeAfter`.
   * @throws {LabError} BAD_INPUT for an unknown backend, field or value.
   */
  async behave(backend: string, change: Record<string, unknown>): Promise<Behaviour> {
    if (!isBackend(backend)) throw unknownName('backend', backend, backendNames);
    return await this.remote(backend).call('behaviour', change);
  }

  get dns(): DnsControl {
    return dnsControl(this.remote('dns'));
  }

  /**
   * Puts a fault in force and looks whether it shows. A fault without effect is a doubt, not an error.
   * @throws {LabError} BAD_INPUT for an unknown fault, host or option.
   */
  async apply(name: string, backend: string, given: Readonly<Record<string, string | number>> = {}): Promise<AppliedFault> {
    if (!isFaultName(name)) throw unknownName('fault', name, faultNames);
    if (!isBackend(backend)) throw unknownName('backend', backend, backendNames);
    const fault = faultNamed(name);
    const words = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));
    const options = parseOptions(fault.options, words, `the fault ${name}`);
    const target = this.#target(backend);
    const optionText = Object.entries(words).map(([key, value]) => `${key}=${value}`).join(' ');
    const title = `${name} ${backend}`;
    if ([...this.#inForce].some((other) => other.name === name && other.backend === backend)) {
      throw new LabError('BAD_INPUT', `${title} is in force already; heal it first.`);
    }

    this.timeline.add(backend, 'fault:apply', { fault: title, options: optionText });
    const undo = await fault.apply(target, options).catch((error: unknown) => {
      throw new LabError('NOT_SUPPORTED', `Could not put ${title} in force: ${messageOf(error)}`, { cause: error });
    });
    const { seen, observed } = await fault.observe(target, options);
    this.timeline.add(backend, seen ? 'fault:verified' : 'fault:unverified', { fault: title, observed });
    if (!seen) this.#doubts.push(`${title} showed no effect: ${observed}`);

    let healing: Promise<Observation> | undefined;
    const applied: AppliedFault = {
      name,
      backend,
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
      this.timeline.add(backend, 'fault:heal', { fault: title });
      await undo();
      this.#inForce.delete(applied);
      this.#unseenHeals.push({ backend, title, gone: async () => fault.harmless === true || !(await fault.observe(target, options)).seen });
      const others = [...this.#inForce].filter((other) => other.backend === backend);
      if (others.length > 0) {
        // The baseline cannot be there yet. It is looked for when the last fault of this backend is healed.
        const observed = `cannot be seen before ${others.map((other) => other.name).join(', ')} is healed`;
        this.timeline.add(backend, 'fault:healed', { fault: title, observed });
        return { seen: true, observed };
      }
      const healed = await this.#observeHealed(target);
      this.timeline.add(backend, healed.seen ? 'fault:healed' : 'fault:unhealed', { fault: title, observed: healed.observed });
      if (!healed.seen) this.#doubts.push(`${title} did not heal: ${healed.observed}`);
      return healed;
    };
    this.#inForce.add(applied);
    return applied;
  }

  /** The faults in force, oldest first. */
  get inForce(): readonly AppliedFault[] {
    return [...this.#inForce];
  }

  /** Waits until every event that has happened so far is on the timeline. A process that was stopped or killed has none to give. */
  async settle(): Promise<void> {
    await Promise.all(
      [...this.#remotes.values()].flat().map(async (remote) => {
        const state = await remote.process.state();
        if (state !== null && state !== 'T') await remote.call('ping', {}, 1_000).catch(() => undefined);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.network[Symbol.asyncDispose]();
  }

  /** Looks for the baseline, and that every fault healed on the target since it was last there shows no more. */
  async #observeHealed(target: FaultTarget): Promise<Observation> {
    const healed = this.#unseenHeals.filter(({ backend }) => backend === target.name);
    this.#unseenHeals = this.#unseenHeals.filter(({ backend }) => backend !== target.name);
    const baseline = await target.probe.backendAnswers(target.name);
    if (!baseline.seen) return baseline;
    for (const { title, gone } of healed) {
      if (!(await gone())) return { seen: false, observed: `${baseline.observed}, but the effect of ${title} is still there` };
    }
    return baseline;
  }

  async #startBackend(name: BackendName): Promise<Remote> {
    return this.startProcess(name, name, backendArgv(this.topology, name, this.network.runtime));
  }

  #target(name: BackendName): FaultTarget {
    return {
      name,
      host: this.host(name),
      probe: this.probe,
      address: (family) => addressOf(this.topology, name, family),
      service: () => this.remote(name),
      process: (): HostProcess => this.remote(name).process,
      restart: async () => { await this.#startBackend(name); },
      expectExit: () => { this.remote(name).expectExit(); },
    };
  }
}
