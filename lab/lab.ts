/** A lab that is up: hosts, services, the observer, and the faults in force. Knows nothing of any scenario. */
import type { Behaviour } from '../services/backend/behaviour.ts';
import type { Driver, Host, HostProcess, Network, StartOptions } from './drivers/driver.ts';
import { startCapture, type Capture, type Captured } from './capture/capture.ts';
import { measureClock, type ClockReading } from './clock.ts';
import { dnsControl, type DnsControl } from './dns-control.ts';
import { LabError, messageOf, unknownName } from './errors.ts';
import { faultNamed, faultNames, isFaultName, type FaultName } from './faults/index.ts';
import type { FaultTarget, Observation, Service } from './faults/fault.ts';
import { withinLimit } from './limits.ts';
import { parseOptions } from './options.ts';
import { Probe } from './probe.ts';
import { Remote } from './remote.ts';
import { backendArgv, dnsArgv, programArgv } from './services.ts';
import type { Timeline } from './timeline.ts';
import {
  addressOf, backendNames, createTopology, isBackend, isTarget, kindOf, portOf, targetNames, type HostName, type TargetName, type Topology, type TopologyChange,
} from './topology.ts';

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
  readonly host: TargetName;
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
  /** Faults that were healed while another one on the same host hid what that came to. */
  #unseenHeals: { host: TargetName; title: string; gone: () => Promise<boolean> }[] = [];
  /** What each service was told, in order. */
  readonly #told = new Map<TargetName, { command: string; args: object }[]>();
  #probe: Probe | undefined;
  #seed = '1';
  #capture: Capture | undefined;
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
    this.#seed = seed;
    const [observer] = await Promise.all([
      this.startProcess('observer', 'the observer', programArgv(this.network.runtime, 'services/probe/main.ts')),
      ...targetNames.map((name) => this.#startServer(name)),
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
  async startProcess(host: HostName, title: string, argv: string[], { onFrames, ...options }: StartOptions & { onFrames?: (records: Buffer) => void } = {}): Promise<Remote> {
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
      onFrames,
    );
    this.#remotes.set(host, [...(this.#remotes.get(host) ?? []), remote]);
    await withinLimit(`The start of ${title}`, readyLimitMs, remote.ready);
    return remote;
  }

  /** Captures every frame of the client's interface from here on; what they tell goes to the timeline. */
  async startCapture(): Promise<void> {
    this.#capture = await startCapture(this);
  }

  /** The frames so far, and how many were lost; null where nothing is captured. */
  get wire(): Captured | null {
    return this.#capture?.captured ?? null;
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
    return await this.service(backend).call('behaviour', change);
  }

  get dns(): DnsControl {
    return dnsControl(this.service('dns'));
  }

  /**
   * The control plane of a server, whichever process it is: what it was told holds for the process that follows, as what an
   * administrator configures does.
   */
  service(name: TargetName): Service {
    return {
      call: async <Result>(command: string, args: object = {}): Promise<Result> => {
        const result = await this.remote(name).call<Result>(command, args);
        this.#told.set(name, [...(this.#told.get(name) ?? []), { command, args }]);
        return result;
      },
    };
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
    const target = this.#target(host);
    const optionText = Object.entries(words).map(([key, value]) => `${key}=${value}`).join(' ');
    const title = `${name} ${host}`;
    if ([...this.#inForce].some((other) => other.name === name && other.host === host)) {
      throw new LabError('BAD_INPUT', `${title} is in force already; heal it first.`);
    }

    this.timeline.add(host, 'fault:apply', { fault: title, options: optionText });
    const undo = await fault.apply(target, options).catch((error: unknown) => {
      throw new LabError('NOT_SUPPORTED', `Could not put ${title} in force: ${messageOf(error)}`, { cause: error });
    });
    const { seen, observed } = await fault.observe(target, options);
    this.timeline.add(host, seen ? 'fault:verified' : 'fault:unverified', { fault: title, observed });
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
      this.timeline.add(host, 'fault:heal', { fault: title });
      await undo();
      this.#inForce.delete(applied);
      this.#unseenHeals.push({ host, title, gone: async () => fault.harmless === true || !(await fault.observe(target, options)).seen });
      const others = [...this.#inForce].filter((other) => other.host === host);
      if (others.length > 0) {
        // The baseline cannot be there yet. It is looked for when the last fault of this host is healed.
        const observed = `cannot be seen before ${others.map((other) => other.name).join(', ')} is healed`;
        this.timeline.add(host, 'fault:healed', { fault: title, observed });
        return { seen: true, observed };
      }
      const healed = await this.#observeHealed(target);
      this.timeline.add(host, healed.seen ? 'fault:healed' : 'fault:unhealed', { fault: title, observed: healed.observed });
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
    const incomplete = await this.#capture?.sync();
    if (incomplete) this.#doubts.push(incomplete);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.network[Symbol.asyncDispose]();
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

  async #startServer(name: TargetName): Promise<Remote> {
    const { runtime } = this.network;
    return name === 'dns'
      ? await this.startProcess('dns', 'the DNS server', dnsArgv(this.topology, this.#seed, runtime))
      : await this.startProcess(name, name, backendArgv(this.topology, name, this.#seed, runtime));
  }

  /** A fault may be put in force and healed while another one has ended the process: the next one is told. */
  #serviceForFaults(name: TargetName): Service {
    return {
      call: async <Result>(command: string, args: object = {}): Promise<Result> => {
        const state = await this.remote(name).process.state();
        if (state === 'T') throw new Error('its process is paused; heal that first');
        if (state !== null) return await this.service(name).call(command, args);
        this.#told.set(name, [...(this.#told.get(name) ?? []), { command, args }]);
        return undefined as Result;
      },
    };
  }

  #target(name: TargetName): FaultTarget {
    return {
      name,
      kind: kindOf(name),
      port: portOf(name),
      host: this.host(name),
      probe: this.probe,
      address: (family) => addressOf(this.topology, name, family),
      service: () => this.#serviceForFaults(name),
      process: (): HostProcess => this.remote(name).process,
      restart: async () => {
        const remote = await this.#startServer(name);
        for (const { command, args } of this.#told.get(name) ?? []) await remote.call(command, args);
      },
      expectExit: () => { this.remote(name).expectExit(); },
    };
  }
}
