/** A lab that is up: hosts, services, the observer, and the faults in force. Knows nothing of any scenario. */
import type { Behaviour } from '../../services/backend/behaviour.ts';
import type { Driver, Host, HostProcess, Network, StartOptions } from '../network/drivers/driver.ts';
import type { Capture, Captured } from './capture.ts';
import { measureClock, type ClockReading } from '../network/clock.ts';
import { dnsControl, type DnsControl } from './dns-control.ts';
import { LabError, unknownName } from '../vocabulary/errors.ts';
import type { FaultTarget, Service } from '../faults/fault.ts';
import { FaultsInForce, type AppliedFault } from '../faults/in-force.ts';
import { withinLimit } from '../vocabulary/limits.ts';
import { Link } from '../network/host-link.ts';
import { Probe } from '../network/probe.ts';
import { Remote } from '../network/remote.ts';
import { backendArgv, dnsArgv, programArgv } from '../network/programs.ts';
import type { RelayOptions } from '../../services/link/relay.ts';
import type { Timeline } from './timeline.ts';
import {
  addressOf, backendNames, createTopology, isBackend, kindOf, portOf, targetNames, type HostName, type TargetName, type Topology, type TopologyChange,
} from '../vocabulary/topology.ts';

export interface LabOptions {
  driver: Driver;
  timeline: Timeline;
  /** Repeats every shuffled answer exactly. */
  seed: string;
  topology?: TopologyChange;
}

export type { AppliedFault };

/** Starting a process takes some 0.1 s; beyond this it hangs. */
const readyLimitMs = 20_000;

interface ProcessOptions extends StartOptions {
  onFrames?: (records: Buffer) => void;
  /** It helps the host's server and is not what `remote` means. */
  beside?: boolean;
}

/**
 * Makes the network; its services are started next, so that a client's process can start beside them.
 * @throws {LabError} when the driver cannot; nothing is left behind.
 */
export async function createLab({ driver, timeline, topology }: LabOptions): Promise<Lab> {
  const made = createTopology(topology);
  const network = await driver.start(made);
  // Written in place: on either driver the file is a mount. glibc reads it again when it changes; others read it once, when they start.
  if (made.resolvConf) await network.host('client').run(['sh', '-c', 'printf "%s\\n" "$@" >/etc/resolv.conf', 'sh', ...made.resolvConf]);
  return new Lab(network, made, timeline);
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
    return [...this.#doubts, ...this.#faults.doubts];
  }

  /** How far the hosts' clock is from this process', and how well that is known. */
  clock: ClockReading = { offsetMs: 0, precisionMs: Infinity };
  /** Every process started on a host, the latest last. */
  readonly #remotes = new Map<HostName, Remote[]>();
  /** Processes that ended by themselves. */
  readonly #doubts: string[] = [];
  readonly #faults: FaultsInForce;
  /** What each service was told, in order. */
  readonly #told = new Map<TargetName, { command: string; args: object }[]>();
  readonly #links = new Map<TargetName, Link>();
  #probe: Probe | undefined;
  #seed = '1';
  #capture: Capture | undefined;
  #clientHost: Host | undefined;
  #stopping = false;

  constructor(network: Network, topology: Topology, timeline: Timeline) {
    this.network = network;
    this.topology = topology;
    this.timeline = timeline;
    this.#faults = new FaultsInForce(timeline, (name) => this.#target(name));
  }

  /**
   * Starts DNS, backends and observer, and sees that all of them answer on both families.
   * @throws {LabError} START_FAILED saying who does not.
   */
  async startServices(seed: string): Promise<void> {
    this.#seed = seed;
    const [observer] = await Promise.all([
      this.startProcess('observer', 'the observer', programArgv(this.network.runtime, 'services/probe/main.ts'), { privileged: true }),
      ...targetNames.map((name) => this.#startServer(name)),
    ]);
    this.clock = await measureClock(observer);
    this.timeline.setOffset(this.clock.offsetMs);
    this.#probe = new Probe(this.host('observer'), observer, this.topology, (name) => this.#faults.lateMs(name));
    const { seen, observed } = await this.#probe.baseline();
    if (!seen) throw new LabError('START_FAILED', `The lab did not come up: ${observed}. Expected every backend and the DNS server to answer on both families.`);
  }

  host(name: HostName): Host {
    return this.network.host(name);
  }

  /** Where a client that is not ours runs: the client's host, or a container from an image in its place. */
  get clientHost(): Host {
    return this.#clientHost ?? this.host('client');
  }

  /** @throws {LabError} NOT_SUPPORTED where the driver has no images. */
  async useClientImage(image: string): Promise<void> {
    if (!this.network.clientFrom) throw new LabError('NOT_SUPPORTED', `A client from an image needs the docker driver; on ${this.network.driver} a client has this machine's files.`);
    this.#clientHost = await this.network.clientFrom(image);
  }

  /** Starts a process that speaks the control protocol on a host, and waits until it is ready. */
  async startProcess(host: HostName, title: string, argv: string[], { onFrames, beside = false, ...options }: ProcessOptions = {}): Promise<Remote> {
    const hostProcess = await this.host(host).start(argv, options);
    const remote = new Remote(
      title,
      hostProcess,
      (event) => { this.timeline.receive(host, event); },
      (reason) => {
        this.reportTrouble(host, title, reason);
      },
      onFrames,
    );
    const others = this.#remotes.get(host) ?? [];
    this.#remotes.set(host, beside ? [remote, ...others] : [...others, remote]);
    await withinLimit(`The start of ${title}`, readyLimitMs, remote.ready).catch((error: unknown) => {
      // What ran before it is still the one to be spoken to.
      this.#remotes.set(host, (this.#remotes.get(host) ?? []).filter((each) => each !== remote));
      throw error;
    });
    return remote;
  }

  /** Captures every frame of the client's interface from here on; what they tell goes to the timeline. */
  async startCapture(): Promise<void> {
    // Loaded here, while the hosts' processes start: the DNS decoder takes 20 ms.
    const { startCapture } = await import('./capture.ts');
    this.#capture = await startCapture(this);
  }

  /** The frames so far, and how many were lost; null where nothing is captured. */
  get wire(): Captured | null {
    return this.#capture?.captured ?? null;
  }

  /** A process ended by itself, or wrote what is none of its protocol: with that the verdict can be no better than unknown. */
  reportTrouble(host: HostName, title: string, reason: string): void {
    if (this.#stopping) return;
    this.timeline.add(host, 'lab:process-trouble', { process: title, reason });
    this.#doubts.push(`${title} ${reason}`);
  }

  /** The control plane of the server, or else the process, that was last started on a host. */
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
  apply(name: string, host: string, options: Readonly<Record<string, string | number>> = {}): Promise<AppliedFault> {
    return this.#faults.apply(name, host, options);
  }

  /** The faults in force, oldest first. */
  get inForce(): readonly AppliedFault[] {
    return this.#faults.all;
  }

  /** Waits until every event that has happened so far is on the timeline. A process that was stopped or killed has none to give. */
  async settle(): Promise<void> {
    await Promise.all(
      [...this.#remotes.values()].flat().map(async (remote) => {
        const state = await remote.process.state();
        if (state !== null && state !== 'T') await remote.call('ping', {}, 1_000).catch(() => undefined);
      }),
    );
    for (const link of this.#links.values()) await link.sync();
    const incomplete = await this.#capture?.sync();
    if (incomplete) this.#doubts.push(incomplete);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.network[Symbol.asyncDispose]();
  }

  async #startServer(name: TargetName, listen?: readonly string[]): Promise<Remote> {
    const { runtime } = this.network;
    return name === 'dns'
      ? await this.startProcess('dns', 'the DNS server', dnsArgv(this.topology, this.#seed, runtime))
      : await this.startProcess(name, name, backendArgv(this.topology, name, this.#seed, runtime, listen));
  }

  /** A fault may be put in force and healed while another one has ended the process: the next one is told. */
  #serviceForFaults(name: TargetName): Service {
    return {
      call: async <Result>(command: string, args: object = {}): Promise<Result> => {
        if (await this.#isRunning(name)) return await this.service(name).call(command, args);
        this.#told.set(name, [...(this.#told.get(name) ?? []), { command, args }]);
        return undefined as Result;
      },
    };
  }

  /** @throws {Error} when it is paused: it would not answer. */
  async #isRunning(name: TargetName): Promise<boolean> {
    const state = await this.remote(name).process.state();
    if (state === 'T') throw new Error('its process is paused; heal that first');
    return state !== null;
  }

  /** The host's link to the segment. */
  #link(name: TargetName): Link {
    const known = this.#links.get(name);
    if (known) return known;
    const startRelay = (options: RelayOptions): Promise<Remote> =>
      this.startProcess(name, `the link relay on ${name}`, programArgv(this.network.runtime, 'services/link/main.ts', JSON.stringify(options)), { privileged: true, beside: true });
    const link = new Link({ host: this.host(name), seed: `${this.#seed}:${name}`, startRelay, onTrouble: (by, reason) => { this.reportTrouble(name, by === 'relay' ? 'the link relay' : by, reason); } });
    this.#links.set(name, link);
    return link;
  }

  #target(name: TargetName): FaultTarget {
    return {
      name,
      kind: kindOf(name),
      port: portOf(name),
      topology: this.topology,
      host: this.host(name),
      probe: this.probe,
      link: this.#link(name),
      address: (family) => addressOf(this.topology, name, family),
      spareAddress: (family) => {
        if (name === 'dns') throw new LabError('BAD_INPUT', 'The DNS server has no other address to move to.');
        return family === 4 ? this.topology.spares[name].ipv4 : this.topology.spares[name].ipv6;
      },
      held: () => { throw new Error('No connection is held.'); },
      arrived: async (path) => {
        // Its answer comes after all that it wrote before.
        if (await this.#isRunning(name)) await this.remote(name).call('ping');
        return this.timeline.events.some((event) => event.event === 'backend:request' && event.host === name && event.path === path);
      },
      service: () => this.#serviceForFaults(name),
      process: (): HostProcess => this.remote(name).process,
      startSuccessor: async () => {
        if (!(await this.#isRunning(name))) throw new Error('its process is not running');
        const old = this.remote(name);
        old.expectExit();
        await this.#target(name).restart();
        return { old, oldProcess: old.process };
      },
      restart: async (listen) => {
        const remote = await this.#startServer(name, listen);
        for (const { command, args } of this.#told.get(name) ?? []) await remote.call(command, args);
      },
      expectExit: () => { this.remote(name).expectExit(); },
    };
  }
}
